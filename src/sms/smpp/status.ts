/** What a gateway says by a number in place of yes: the names of SMPP 3.4 (5.1.3), and in words those that an administrator can act on. */

export const OK = 0x00;
export const INVALID_COMMAND = 0x03;
/** Permanently, so that the gateway does not come with it again. */
export const REJECTED = 0x66;

const STATUSES: Readonly<Record<number, readonly [name: string, words?: string]>> = {
  1: ['ESME_RINVMSGLEN', 'the message has a length that it does not take'],
  2: ['ESME_RINVCMDLEN'],
  3: ['ESME_RINVCMDID', 'it does not know the command'],
  4: ['ESME_RINVBNDSTS', 'the command is not for this kind of bind; look at bind_mode'],
  5: ['ESME_RALYBND', 'the account is bound already, or as often as it may be'],
  6: ['ESME_RINVPRTFLG'],
  7: ['ESME_RINVREGDLVFLG', 'it gives no such delivery receipts; look at registered_delivery'],
  8: ['ESME_RSYSERR', 'it has a fault of its own'],
  10: ['ESME_RINVSRCADR', 'it does not take the sender; look at source_addr, source_addr_ton and source_addr_npi'],
  11: ['ESME_RINVDSTADR', 'it does not take the number; look at MSISDN, SUPPRESS_PREFIX and dest_addr_ton'],
  12: ['ESME_RINVMSGID'],
  13: ['ESME_RBINDFAIL', 'it does not let us in; look at system_id, password, system_type and bind_mode'],
  14: ['ESME_RINVPASWD', 'the password is wrong'],
  15: ['ESME_RINVSYSID', 'it does not know the system_id'],
  17: ['ESME_RCANCELFAIL'],
  19: ['ESME_RREPLACEFAIL'],
  20: ['ESME_RMSGQFUL', 'its queue is full: too many messages wait there'],
  21: ['ESME_RINVSERTYP', 'it does not take the service_type'],
  51: ['ESME_RINVNUMDESTS'],
  52: ['ESME_RINVDLNAME'],
  64: ['ESME_RINVDESTFLAG'],
  66: ['ESME_RINVSUBREP'],
  67: ['ESME_RINVESMCLASS', 'it does not take messages of several parts'],
  68: ['ESME_RCNTSUBDL'],
  69: ['ESME_RSUBMITFAIL', 'it could not take the message'],
  72: ['ESME_RINVSRCTON', 'it does not take source_addr_ton'],
  73: ['ESME_RINVSRCNPI', 'it does not take source_addr_npi'],
  80: ['ESME_RINVDSTTON', 'it does not take dest_addr_ton'],
  81: ['ESME_RINVDSTNPI', 'it does not take dest_addr_npi'],
  83: ['ESME_RINVSYSTYP', 'it does not take the system_type'],
  84: ['ESME_RINVREPFLAG'],
  85: ['ESME_RINVNUMMSGS'],
  88: ['ESME_RTHROTTLED', 'too many messages in too short a time'],
  97: ['ESME_RINVSCHED'],
  98: ['ESME_RINVEXPIRY'],
  99: ['ESME_RINVDFTMSGID'],
  100: ['ESME_RX_T_APPN', 'it cannot take the message for now'],
  101: ['ESME_RX_P_APPN', 'it will not take the message'],
  102: ['ESME_RX_R_APPN', 'it rejects the message'],
  103: ['ESME_RQUERYFAIL'],
  192: ['ESME_RINVOPTPARSTREAM'],
  193: ['ESME_ROPTPARNOTALLWD'],
  194: ['ESME_RINVPARLEN'],
  195: ['ESME_RMISSINGOPTPARAM'],
  196: ['ESME_RINVOPTPARAMVAL'],
  254: ['ESME_RDELIVERYFAILURE'],
  255: ['ESME_RUNKNOWNERR'],
};

const THROTTLED: readonly number[] = [0x14, 0x58];

/** `ESME_RTHROTTLED (0x58), too many messages in too short a time`; a gateway's own number stands alone. */
export function statusText(status: number): string {
  const number = `0x${status.toString(16).padStart(2, '0')}`;
  const [name, words] = STATUSES[status] ?? [];
  if (name === undefined) return `status ${number}, whose meaning the gateway's operator knows`;
  return `${name} (${number})${words === undefined ? '' : `, ${words}`}`;
}

/** Whether the same message may be taken a little later. */
export function isThrottled(status: number): boolean {
  return THROTTLED.includes(status);
}
