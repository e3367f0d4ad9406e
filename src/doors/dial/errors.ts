/** What the dial-in door says of its configuration, and of how it stands. */
export const DIAL_ERRORS = {
  DIAL_LINE_TWICE: 'two telephone lines have the same name or the same device',
  DIAL_COMMAND_TWICE: 'two commands of the dial-in door have the same name',
  DIAL_PROGRAM: 'a program that gets the line is missing or cannot be started',
  DIAL_NO_ANSWER: 'no telephone line takes calls, or none may call back',
  DIAL_BLIND:
    'a modem is told to call without waiting for a dial tone, so that a caller who stays on the line can play one',
  DIAL_LINE_DOWN:
    'state: a telephone line cannot be used: its device is missing or held by another program, or its modem is silent',
} as const;

export type DialErrorCode = keyof typeof DIAL_ERRORS;
