/**
 * /userservice/*: what somebody may do with his own tokens. As with LinOTP each call wants a policy of the scope selfservice that names it, and
 * a token of somebody else is left alone without a word.
 *
 * Errors: OTP_SESSION, OTP_SELFSERVICE, OTP_PARAMETER, TOKEN_PIN, those of TokenDesk.
 */

import type { AuditFieldsFound } from '../../../core/audit/search.ts';
import type { ActionOf } from '../../../core/policy/linotp/actions.ts';
import type { Asker } from '../../../core/policy/linotp/conditions.ts';
import type { Person } from '../../../core/realms/types.ts';
import { checkChosenPin } from '../../../core/tokens/pin-policy.ts';
import type { EnrolRequest, TokenChoice, TokenView } from '../../../core/tokens/types.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import type { HttpReply, HttpRequest } from '../../../platform/http-route.ts';
import type { Log } from '../../../platform/log.ts';
import { deviceSecrets, hashName, numbers, seedOf, texts, tokenType } from '../admin/enrol.ts';
import { tokenColumns } from '../admin/show.ts';
import type { TokenParts } from '../admin/target.ts';
import { type SearchAudit, searchAudit } from '../audit/search.ts';
import { failed, type Outcome, requirePost } from '../call.ts';
import { type Fields, requiredField } from '../fields.ts';
import { type Json, unauthorisedReply, valueReply } from '../reply.ts';
import { askerOf, UserLogin, type UserLoginParts } from './login.ts';

export interface UserserviceParts extends Omit<UserLoginParts, 'tokens'>, TokenParts {
  readonly log: Log;
  readonly searchAudit: SearchAudit;
}

interface Self {
  readonly person: Person;
  readonly asker: Asker;
  /** As the audit trail names who acts. */
  readonly by: string;
}

/** Whoever is given it meanwhile keeps it as it is. */
type OwnToken = Required<TokenChoice> & { readonly serial: string };
type Run = (fields: Fields, self: Self, parts: UserserviceParts) => Promise<Outcome>;
interface Call {
  readonly changes: boolean;
  /** The action that has to be allowed; undefined: whoever is logged in may. */
  readonly action?: ActionOf<'selfservice'>;
  readonly run: Run;
}

const CALLS: Readonly<Record<string, Call>> = {
  usertokenlist: { changes: false, run: listOwn },
  userinfo: { changes: false, run: async (_fields, { person }) => ({ value: aboutPerson(person) }) },
  context: { changes: false, run: context },
  enable: own('enable', 'enable token', (which, { by }, { tokens }) => tokens.enable(which, by)),
  disable: own('disable', 'disable token', (which, { by }, { tokens }) => tokens.disable(which, by)),
  delete: own('delete', 'delete token', (which, { by }, { tokens }) => tokens.remove(which, by)),
  reset: own('reset', 'reset Failcounter', (which, { by }, { tokens }) => tokens.reset(which, by)),
  unassign: own('unassign', 'unassign token', (which, { by }, { tokens }) => tokens.unassign(which, by)),
  resync: own('resync', 'resync Token', ({ serial }, { by }, { tokens }, fields) =>
    tokens.resync(serial, requiredField(fields, 'otp1'), requiredField(fields, 'otp2'), by),
  ),
  setpin: own('setOTPPIN', 'set userpin', (which, { asker, by }, { tokens, policy }, fields) => {
    const pin = requiredField(fields, 'userpin');
    checkChosenPin(policy, asker, pin);
    return tokens.set(which, { pin }, by);
  }),
  setdescription: own('setDescription', 'set description', (which, { by }, { tokens }, fields) =>
    tokens.set(which, { description: requiredField(fields, 'description') }, by),
  ),
  assign: { changes: true, action: 'assign', run: assign },
  getSerialByOtp: { changes: false, action: 'getserial', run: serialByOtp },
  history: { changes: false, action: 'history', run: history },
  enroll: { changes: true, run: enroll },
};

export function userserviceCalls(
  parts: UserserviceParts,
): (name: string, request: HttpRequest) => Promise<HttpReply> | undefined {
  const login = new UserLogin(parts);
  return (name, request) => {
    if (name === 'login' || name === 'auth') return answered(request, () => enter(name, request));
    if (name === 'logout') return Promise.resolve(login.logout(request));
    if (!Object.hasOwn(CALLS, name)) return undefined;
    return answered(request, () => answer(CALLS[name]!, request));
  };

  async function enter(how: 'login' | 'auth', request: HttpRequest): Promise<HttpReply> {
    requirePost(request);
    return login[how](request);
  }

  async function answer({ changes, action, run }: Call, request: HttpRequest): Promise<HttpReply> {
    const person = await login.who(request);
    if (changes) requirePost(request);
    const client = parts.clients().of(request);
    const by = `user ${person.login}@${person.realm} from ${client.address}`;
    const self = { person, asker: askerOf(person, client, parts.clock), by };
    if (action !== undefined) allow(action, self, parts);
    const outcome = await run(request.fields, self, parts);
    return 'status' in outcome ? outcome : valueReply(outcome.value, changes ? 1 : 0, outcome.detail);
  }

  async function answered(request: HttpRequest, work: () => Promise<HttpReply>): Promise<HttpReply> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof GatehouseError && error.code === 'OTP_SESSION') return unauthorisedReply();
      return failed(error, request, parts.log);
    }
  }
}

function allow(action: ActionOf<'selfservice'>, { asker, person }: Self, { policy }: UserserviceParts): void {
  if (policy.actionValue('selfservice', action, asker)?.value === true) return;
  throw new GatehouseError('OTP_SELFSERVICE', `no policy lets ${person.login} do this: selfservice/${action}`);
}

/** A change of the token `serial`, if it is the user's own; `{}` if it is not. */
function own(
  action: ActionOf<'selfservice'>,
  name: string,
  change: (which: OwnToken, self: Self, parts: UserserviceParts, fields: Fields) => Promise<number | boolean>,
): Call {
  return {
    changes: true,
    action,
    async run(fields, self, parts) {
      const serial = requiredField(fields, 'serial');
      if (!isOwn(await parts.tokens.show(serial), self)) return { value: {} };
      return { value: { [name]: await change({ serial, owner: self.person }, self, parts, fields) } };
    },
  };
}

function isOwn(token: TokenView | undefined, { person }: Self): token is TokenView {
  return token?.owner?.source === person.source && token.owner.id === person.id;
}

async function listOwn(fields: Fields, { person }: Self, { tokens }: UserserviceParts): Promise<Outcome> {
  const all = await tokens.ofOwner(person);
  const wanted = /^(true|false)$/i.exec(fields.get('active') ?? '')?.[0].toLowerCase();
  const shown = wanted === undefined ? all : all.filter(({ active }) => String(active) === wanted);
  return { value: shown.map(tokenColumns) as Json };
}

/** Who it is, what he may do, and which PINs he may choose: what a page needs to show the right buttons. */
async function context(_fields: Fields, { person, asker }: Self, { policy }: UserserviceParts): Promise<Outcome> {
  const names = [
    ...['enable', 'disable', 'delete', 'reset', 'unassign', 'resync', 'setOTPPIN', 'setDescription', 'assign'],
    ...['getserial', 'history', 'enrollSMS', 'enrollHMAC', 'enrollTOTP'],
  ] as ActionOf<'selfservice'>[];
  const ruleOf = (action: ActionOf<'selfservice'>) => policy.actionValue('selfservice', action, asker)?.value;
  const rules = (['otp_pin_minlength', 'otp_pin_maxlength', 'otp_pin_contents'] as const).flatMap((name) => {
    const value = ruleOf(name);
    return value === undefined ? [] : [[name, value]];
  });
  const actions = names.filter((name) => ruleOf(name) === true);
  return { value: true, detail: { user: aboutPerson(person), actions, settings: Object.fromEntries(rules) } };
}

/** One that nobody has, and that is in no realm or in his. */
async function assign(
  fields: Fields,
  { person, asker, by }: Self,
  { tokens, policy }: UserserviceParts,
): Promise<Outcome> {
  const serial = requiredField(fields, 'serial');
  const [pin, description] = [fields.get('pin'), fields.get('description')];
  if (pin !== undefined) checkChosenPin(policy, asker, pin);
  const token = await tokens.show(serial);
  if (!token || token.owner || (token.realms.length > 0 && !token.realms.includes(person.realm)))
    throw new GatehouseError('TOKEN_UNKNOWN', 'there is no such token that you could be given');
  const value = await tokens.assign(serial, person, by, tokens.randomPin(person) ?? pin);
  if (description) await tokens.set({ serial }, { description }, by);
  return { value: { 'assign token': value } };
}

async function serialByOtp(fields: Fields, { person }: Self, { tokens }: UserserviceParts): Promise<Outcome> {
  const found = await tokens.findByOtp(requiredField(fields, 'otp'), { realm: person.realm, assigned: false });
  return { value: { serial: found.length === 1 ? found[0]!.serial : '' } };
}

/** What the trail has of his tokens while they were his. */
async function history(
  fields: Fields,
  { person }: Self,
  { tokens, searchAudit: search }: UserserviceParts,
): Promise<Outcome> {
  const serials = new Set((await tokens.ofOwner(person)).map(({ serial }) => serial));
  return searchAudit(fields, async ({ matches, ...page }) => {
    const isHis = (line: AuditFieldsFound) => serials.has(String(line.serial)) && line.user === person.login;
    const found = await search({ ...page, matches: (line) => isHis(line) && matches(line) });
    // Which administrator it was, and from where, is not for him.
    const entries = found.entries.map((entry) => ({ ...entry, fields: { ...entry.fields, by: '' } }));
    return { ...found, entries };
  });
}

/** A new token for himself; what is there is never made anew, since it may be somebody else's. */
async function enroll(fields: Fields, self: Self, parts: UserserviceParts): Promise<Outcome> {
  const { person, asker, by } = self;
  const { tokens, policy } = parts;
  const type = tokenType(requiredField(fields, 'type'));
  allow(({ sms: 'enrollSMS', hmac: 'enrollHMAC', totp: 'enrollTOTP' } as const)[type], self, parts);
  const serial = fields.get('serial') || undefined;
  const chosen = fields.get('otppin');
  if (chosen !== undefined) checkChosenPin(policy, asker, chosen);
  const pin = tokens.randomPin(person) ?? chosen;
  const mayWrite = policy.actionValue('selfservice', 'edit_sms', asker)?.value !== false;
  const phone = (mayWrite ? fields.get('phone') : undefined) ?? person.attributes.mobile;
  const given = type === 'sms' || fields.has('otpkey') ? fields : new Map([...fields, ['genkey', '1']]);
  const request: EnrolRequest = {
    type,
    owner: person,
    onlyNew: true,
    ...(serial === undefined ? {} : { serial }),
    ...(type === 'sms' && phone !== undefined ? { phone } : {}),
    ...(pin === undefined ? {} : { pin }),
    ...texts(fields, 'description'),
    ...seedOf(given, type),
    ...numbers(fields, { otplen: 'otpLength', timeStep: 'timeStep' }),
    ...(fields.get('hashlib') ? { hash: hashName(fields.get('hashlib')!) } : {}),
  };
  const made = await tokens.enrol(request, by);
  const shownPin: Record<string, Json> = pin !== undefined && pin !== chosen ? { pin } : {};
  return { value: true, detail: { serial: made.serial, ...shownPin, ...deviceSecrets(made) } };
}

function aboutPerson({ attributes, login, id, source, realm }: Person): Json {
  return { ...attributes, username: login, userid: id, resolver: source, realm };
}
