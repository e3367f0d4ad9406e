/** The commands of SMPP 3.4 (5.1.2.1) that we send, answer or know by name. */

export const COMMANDS = {
  generic_nack: 0x8000_0000,
  bind_receiver: 0x0000_0001,
  bind_transmitter: 0x0000_0002,
  submit_sm: 0x0000_0004,
  deliver_sm: 0x0000_0005,
  unbind: 0x0000_0006,
  bind_transceiver: 0x0000_0009,
  outbind: 0x0000_000b,
  enquire_link: 0x0000_0015,
  alert_notification: 0x0000_0102,
  data_sm: 0x0000_0103,
} as const;

export type Command = keyof typeof COMMANDS;

const ANSWER = 0x8000_0000;

const NAMES = new Map<number, string>(Object.entries(COMMANDS).map(([name, id]) => [id, name]));

export function isAnswer(command: number): boolean {
  return command >= ANSWER;
}

export function answerTo(command: number): number {
  return (command | ANSWER) >>> 0;
}

/** For messages: `submit_sm`, `submit_sm_resp`, `command 0x00000099`. */
export function commandName(command: number): string {
  const name = NAMES.get(command);
  if (name !== undefined) return name;
  const asked = NAMES.get((command & ~ANSWER) >>> 0);
  return asked === undefined || !isAnswer(command) ? `command 0x${hex(command)}` : `${asked}_resp`;
}

function hex(command: number): string {
  return command.toString(16).padStart(8, '0');
}
