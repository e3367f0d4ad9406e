/** What other doors may ask of the one that can call: a number rings, and whoever answers has to log in. Main wires it. */
export interface CallBackDesk {
  /**
   * Calls a user of the gate back, at an alias of his own. `by` is what limits and the audit trail know the asker by.
   * False: the gate refused, or he is being called already; why is in the audit trail.
   */
  callBack(user: string, domain: string, to: string, by: string): Promise<boolean>;
}
