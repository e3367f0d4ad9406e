/**
 * Which PINs a person may choose: the policies otp_pin_minlength, otp_pin_maxlength and otp_pin_contents of the scope selfservice. As with
 * LinOTP they hold for who chooses his own PIN; an administrator may set any.
 *
 * otp_pin_contents has letters for kinds of characters: `c` letters, `n` digits, `s` signs, `o` all others. Each kind that is named has to
 * be there; `-` before them: and no other kind; `+`: at least one of those kinds, and no other. Errors: TOKEN_PIN.
 */
import { GatehouseError } from '../../platform/errors.ts';
import type { Asker } from '../policy/linotp/conditions.ts';
import type { ActionPolicy } from '../policy/policy.ts';

const KINDS: Readonly<Record<string, string>> = { c: 'letters', n: 'digits', s: 'signs', o: 'other characters' };

export function checkChosenPin(policy: ActionPolicy, asker: Asker, pin: string): void {
  const lengthOf = (action: 'otp_pin_minlength' | 'otp_pin_maxlength') =>
    policy.actionValue('selfservice', action, asker)?.value;
  const [least, most] = [lengthOf('otp_pin_minlength'), lengthOf('otp_pin_maxlength')];
  const length = [...pin].length;
  if (least !== undefined && length < least) throw unfit(`has at least ${least} characters`);
  if (most !== undefined && most >= 0 && length > most) throw unfit(`has at most ${most} characters`);
  const contents = policy.actionValue('selfservice', 'otp_pin_contents', asker)?.value ?? '';
  const wanted = Object.keys(KINDS).filter((kind) => contents.includes(kind));
  if (wanted.length === 0) return;
  const found = new Set([...pin].map(kindOf));
  const names = wanted.map((kind) => KINDS[kind]!).join(', ');
  const isPure = [...found].every((kind) => wanted.includes(kind));
  if (contents.startsWith('+')) {
    if (!isPure || found.size === 0) throw unfit(`has nothing but ${names}`);
    return;
  }
  const missing = wanted.find((kind) => !found.has(kind));
  if (missing !== undefined) throw unfit(`has ${KINDS[missing]} in it`);
  if (contents.startsWith('-') && !isPure) throw unfit(`has nothing but ${names}`);
}

function kindOf(character: string): string {
  if (/[a-zA-Z]/.test(character)) return 'c';
  if (/[0-9]/.test(character)) return 'n';
  return /[.:,;_<>+*!/()=?$§%&#~^-]/.test(character) ? 's' : 'o';
}

function unfit(rule: string): GatehouseError {
  return new GatehouseError('TOKEN_PIN', `the PIN is not as the policy wants it: it ${rule}`, {
    hint: 'choose another PIN',
  });
}
