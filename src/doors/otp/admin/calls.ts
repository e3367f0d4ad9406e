/** /admin/*: tokens and whose they are. Errors: those of the calls. */
import { GatehouseError } from '../../../platform/errors.ts';
import { type AdminCall, type AdminCalls, type Caller, changes, type Outcome, reads } from '../call.ts';
import { type Fields, requiredField } from '../fields.ts';
import { setTokens } from './change.ts';
import { enrol, listOf } from './enrol.ts';
import { copyPin, loadTokens, lostToken, serialByOtp } from './more.ts';
import { showTokens } from './show.ts';
import { personOf, type TokenParts, targetOf, tokenFor } from './target.ts';
import { listUsers, tokenOwner } from './users.ts';

type Run = (fields: Fields, caller: Caller, parts: TokenParts) => Promise<Outcome>;
type Many = 'enable' | 'disable' | 'reset' | 'remove' | 'unassign';

export function tokenCalls(parts: TokenParts): AdminCalls {
  const over = (kind: typeof reads, run: Run): AdminCall => kind((fields, caller) => run(fields, caller, parts));
  return {
    '/admin/init': over(changes, enrol),
    '/admin/show': over(reads, showTokens),
    '/admin/set': over(changes, setTokens),
    '/admin/enable': over(changes, many('enable')),
    '/admin/disable': over(changes, many('disable')),
    '/admin/reset': over(changes, many('reset')),
    '/admin/remove': over(changes, many('remove')),
    '/admin/unassign': over(changes, many('unassign')),
    '/admin/assign': over(changes, assign),
    '/admin/resync': over(changes, resync),
    '/admin/tokenrealm': over(changes, setRealms),
    '/admin/copyTokenUser': over(changes, copyUser),
    '/admin/copyTokenPin': over(changes, copyPin),
    '/admin/losttoken': over(changes, lostToken),
    '/admin/loadtokens': over(changes, loadTokens),
    '/admin/getSerialByOtp': over(reads, serialByOtp),
    '/admin/check_serial': over(reads, checkSerial),
    '/admin/checkstatus': over(reads, checkStatus),
    '/admin/getTokenOwner': over(reads, tokenOwner),
    '/admin/userlist': over(reads, listUsers),
  };
}

/** How many tokens were changed. */
function many(action: Many): Run {
  return async (fields, caller, parts) => {
    const { which } = await targetOf(fields, action, caller, parts);
    return { value: await parts.tokens[action](which, caller.by) };
  };
}

async function assign(fields: Fields, caller: Caller, parts: TokenParts): Promise<Outcome> {
  const serial = requiredField(fields, 'serial');
  requiredField(fields, 'user');
  const person = (await personOf(fields, parts.realms))!;
  caller.require('admin', 'assign', [person.realm]);
  const realms = (await parts.tokens.show(serial))?.realms ?? [];
  // A token that is in no realm yet may come into this one.
  if (realms.length > 0) caller.require('admin', 'assign', realms);
  const randomPin = parts.tokens.randomPin(person);
  const value = await parts.tokens.assign(serial, person, caller.by, randomPin ?? fields.get('pin'));
  return { value, ...(randomPin === undefined ? {} : { detail: { pin: randomPin } }) };
}

async function resync(fields: Fields, caller: Caller, parts: TokenParts): Promise<Outcome> {
  const { serial } = await tokenFor(fields, 'resync', caller, parts);
  const [otp1, otp2] = [requiredField(fields, 'otp1'), requiredField(fields, 'otp2')];
  return { value: await parts.tokens.resync(serial, otp1, otp2, caller.by) };
}

async function setRealms(fields: Fields, caller: Caller, parts: TokenParts): Promise<Outcome> {
  const { serial } = await tokenFor(fields, 'manageToken', caller, parts);
  const realms = listOf(requiredField(fields, 'realms'));
  for (const realm of realms) caller.require('admin', 'manageToken', [realm]);
  return { value: await parts.tokens.set({ serial }, { realms }, caller.by) };
}

/** The owner of the token `from` becomes that of the token `to`. */
async function copyUser(fields: Fields, caller: Caller, parts: TokenParts): Promise<Outcome> {
  const [from, to] = ['from', 'to'].map((name) => new Map([['serial', requiredField(fields, name)]]));
  const { owner } = await tokenFor(from!, 'copytokenuser', caller, parts);
  const { serial } = await tokenFor(to!, 'copytokenuser', caller, parts);
  const person = owner ? await parts.realms.findById(owner.source, owner.id) : null;
  if (!person) throw new GatehouseError('OTP_USER', `the token ${from!.get('serial')} has no owner`);
  await parts.tokens.unassign({ serial }, caller.by);
  await parts.tokens.assign(serial, person, caller.by);
  return { value: true };
}

/** Whether a serial is free, and one that is. */
async function checkSerial(fields: Fields, _caller: Caller, { tokens }: TokenParts): Promise<Outcome> {
  const serial = requiredField(fields, 'serial');
  let free = serial;
  for (let i = 1; await tokens.show(free); i++) free = `${serial}_${String(i).padStart(2, '0')}`;
  return { value: { unique: free === serial, new_serial: free } };
}

/** The challenges of a transaction. */
async function checkStatus(fields: Fields, caller: Caller, { challenges }: TokenParts): Promise<Outcome> {
  caller.require('admin', 'checkstatus');
  const transaction = fields.get('transactionid') || requiredField(fields, 'state');
  const values = challenges.status(transaction).map((one) => [
    one.transaction,
    {
      received_count: one.receivedCount,
      received_tan: one.receivedTan,
      valid_tan: one.validTan,
      message: one.message,
      tokenserial: one.serial,
      tokentype: one.type,
    },
  ]);
  return { value: { values: Object.fromEntries(values) } };
}
