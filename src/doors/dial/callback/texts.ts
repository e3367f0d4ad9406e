/** What callers read. Scripts wait for the ends of these, so that they can be changed to what an old server said. */
import * as z from 'zod';

const text = (said: string) => z.string().max(2_000).default(said);

export const dialTexts = z.strictObject({
  banner: text('').describe('Before the first prompt; `\\n` begins a new line.'),
  login: text('login: ').describe('Asks for the name, on both legs; scripts wait for `ogin:`.'),
  numbers: text('Numbers for %u:').describe('Above the aliases; %u is the name that was given.'),
  choose: text('Call back at: ').describe('Asks for an alias.'),
  goodbye: text('You will be called back.\n').describe('Before the line is hung up, whoever it was.'),
  welcome: text('').describe('After the call back, before the login.'),
  password: text('Password: ').describe('Scripts wait for `assword:`.'),
  code: text('Code: ').describe('Asks for a one-time code, below what the gate says of it.'),
  wrong: text('Login incorrect\n').describe('After a wrong login, whatever was wrong.'),
  prompt: text('> ').describe('Asks for a command.'),
  commands: text('Commands: %c\n').describe('In answer to `help`; %c are those that there are.'),
  unknown: text('There is no such command; help lists them.\n').describe('In answer to anything else.'),
});
export type DialTexts = z.output<typeof dialTexts>;

/** `%u` by the name, of which no more is shown than a terminal has room for. */
export function filled(text: string, user: string): string {
  return text.replaceAll('%u', () => user.slice(0, 64));
}
