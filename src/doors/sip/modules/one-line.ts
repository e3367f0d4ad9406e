/** Texts of messages as they may stand in the log. */
const CONTROLS = /[\0-\x1f\x7f-\x9f\u2028\u2029]/g;

/** What a message brings must not begin a line of its own, nor steer a terminal. Its bytes are UTF-8 as a rule. */
export function oneLine(text: string): string {
  return Buffer.from(text, 'latin1').toString().replace(CONTROLS, ' ').trimEnd();
}
