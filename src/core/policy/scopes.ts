/** The scopes of rules: one for each door, where they are read strictly, and LinOTP's. A new action of doors is a line here and its use. */
import { LINOTP_SCOPES } from './linotp/actions.ts';

/** A second step after the right proof; `none`: not for whom this rule is about. */
export const SECOND_STEPS = ['sms', 'totp', 'callback', 'none'] as const;
export type SecondStep = Exclude<(typeof SECOND_STEPS)[number], 'none'>;
/** Taken with a token of this type. */
export type CodeStep = Exclude<SecondStep, 'callback'>;

const DOORS = ['sip', 'otp', 'portal', 'dial', 'radius'] as const;
export type DoorScope = (typeof DOORS)[number];

const ACTIONS = {
  allow: 'switch', // may the user use the door?
  session_seconds: 'seconds', // how long a session lasts at most: a telephone has to register again
  max_sessions: 'count', // how many sessions a user has at once
  second_step: 'step',
  remember: 'span', // for how long a code that was given at a place does for the next second step there
  free_number: 'switch', // may the user be called back at a number that he types?
  no_password: 'switch', // does it do for a login that his number was called and somebody answered?
  upload_kbit: 'count', // how much the user may send in a second, at the portal
  download_kbit: 'count', // and get
  shell: 'switch', // may he run the commands that are for few?
} as const;
export type DoorAction = keyof typeof ACTIONS;
/** Nobody has it who is not given it. */
export type Grant = 'free_number' | 'no_password' | 'shell';
export const DOOR_ACTIONS = Object.keys(ACTIONS) as readonly DoorAction[];

export const SCOPE_NAMES: readonly string[] = [...DOORS, ...LINOTP_SCOPES];

export function isDoorScope(name: string): name is DoorScope {
  return (DOORS as readonly string[]).includes(name);
}

/** Undefined: doors have no such action. */
export function kindOf(action: string): (typeof ACTIONS)[DoorAction] | undefined {
  return Object.hasOwn(ACTIONS, action) ? ACTIONS[action as DoorAction] : undefined;
}
