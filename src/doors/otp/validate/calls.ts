/**
 * /validate/*: who one is, asked by those who guard something: RADIUS and PAM plug-ins, gateways, portals. Open to all, by GET and POST.
 *
 * Each answer is 200, since plug-ins take any other status for a server that is away, and a rejected login for one that was not heard.
 */
import type { Answer } from '../../../core/answer.ts';
import type { Refused, Verdict } from '../../../core/gate/types.ts';
import type { Asker } from '../../../core/policy/linotp/conditions.ts';
import type { Person, Realms } from '../../../core/realms/types.ts';
import { isOn } from '../../../core/tokens/system-config.ts';
import type { ChallengeDesk, ChallengeStatus, SystemConfig } from '../../../core/tokens/types.ts';
import type { HttpReply, HttpRequest } from '../../../platform/http-route.ts';
import { failureReply, type Json, textReply, valueReply } from '../reply.ts';
import { challengeDetail, challengeLine } from './challenge.ts';
import { type Heard, Knocking, type KnockingParts, transactionOf } from './knocking.ts';

export interface ValidateParts extends KnockingParts {
  readonly realms: Realms;
  readonly challenges: ChallengeDesk;
  readonly config: Pick<SystemConfig, 'get'>;
}

export type ValidateCall = (request: HttpRequest) => Answer<HttpReply>;

const YES = valueReply(true, 0);
const NO = valueReply(false, 0);
/** What check_s says where it did not come to a check. */
const NOT_DONE = failureReply(0);
/** Plug-ins compare the whole body: no newline. */
const SIMPLE_YES = textReply(':-)');
const SIMPLE_NO = textReply(':-(');

export function validateCalls(parts: ValidateParts): Readonly<Record<string, ValidateCall>> {
  const { realms, challenges, policy, config } = parts;
  const knocking = new Knocking(parts);
  return {
    '/validate/check': (request) => knocking.knock(request, {}, checkReply),
    '/validate/simplecheck': (request) => knocking.knock(request, {}, simpleReply),
    '/validate/smspin': (request) => knocking.knock(request, {}, smspinReply),
    '/validate/check_s': checkSerial,
    '/validate/check_t': checkTransaction,
    '/validate/check_status': checkStatus,
    '/validate/samlcheck': samlCheck,
    '/validate/ok': () => YES,
    '/validate/fail': () => NO,
  };

  function checkReply({ knock, verdict }: Heard): HttpReply {
    if (knock === undefined || verdict === undefined) return NO;
    const asker = { name: knock.user, realm: knock.domain, client: knock.client.address, time: new Date(knock.time) };
    if (verdict.verdict === 'proven') return says('detail_on_success', asker) ? provenReply(verdict, asker) : YES;
    const told = says('detail_on_fail', asker) ? { error: failureText(verdict) } : undefined;
    const detail = verdict.verdict === 'challenge' ? challengeDetail(verdict) : notSentDetail(verdict);
    return detail || told ? valueReply(false, 0, { ...detail, ...told }) : NO;
  }

  function says(action: 'detail_on_success' | 'detail_on_fail', asker: Asker): boolean {
    return policy.actionValue('authorization', action, asker) !== undefined;
  }

  function checkSerial(request: HttpRequest): Answer<HttpReply> {
    const { fields } = request;
    if (!fields.has('serial') && !fields.has('user')) return NOT_DONE;
    return knocking.knock(request, { bySerial: true }, checkReply);
  }

  function checkTransaction(request: HttpRequest): Answer<HttpReply> {
    const transaction = transactionOf(request.fields);
    if (transaction === undefined || !request.fields.has('pass')) return NO;
    return knocking.knock(request, {}, ({ verdict }) => transactionReply(verdict, transaction));
  }

  /** `pass` is the PIN. */
  function checkStatus(request: HttpRequest): Answer<HttpReply> {
    const transaction = transactionOf(request.fields);
    if (transaction === undefined) return NO;
    return knocking.knock(request, { polls: true }, ({ verdict }) => {
      if (verdict?.verdict !== 'challenge') return NO;
      const shown = new Set(verdict.tokens.map((one) => one.transaction));
      const found = challenges.status(transaction).filter((one) => shown.has(one.transaction));
      const transactions = Object.fromEntries(found.map((one) => [one.transaction, statusDetail(one)]));
      return valueReply(true, 0, { transactions });
    });
  }

  function samlCheck(request: HttpRequest): Answer<HttpReply> {
    const refused = valueReply({ auth: false, attributes: {} }, 0);
    return knocking.knock(request, {}, ({ knock, verdict }) => {
      if (knock === undefined || verdict?.verdict !== 'proven') {
        return verdict?.verdict === 'challenge'
          ? valueReply({ auth: false, attributes: {} }, 0, challengeDetail(verdict))
          : refused;
      }
      const tells = isOn(config, 'allowSamlAttributes');
      return samlReply(tells ? realms.find(knock.user, knock.domain) : null);
    });
  }
}

function provenReply({ token }: Extract<Verdict, { verdict: 'proven' }>, { name, realm }: Asker): HttpReply {
  return valueReply(true, 0, {
    user: { username: name ?? '', realm: realm ?? '' },
    realm: realm ?? '',
    is_linotp_admin: false,
    ...(token ? { tokentype: token.type, serial: token.serial, description: token.description } : {}),
  });
}

function failureText(verdict: Exclude<Verdict, { verdict: 'proven' }>): string {
  if (verdict.verdict === 'challenge') return 'challenge created';
  return verdict.otp?.detail ?? 'access denied';
}

function simpleReply({ verdict }: Heard): HttpReply {
  if (verdict?.verdict === 'proven') return SIMPLE_YES;
  return verdict?.verdict === 'challenge' ? textReply(`:-( ${challengeLine(verdict)}`) : SIMPLE_NO;
}

/** Here the challenge stands where replies have their id. */
function smspinReply({ verdict }: Heard): HttpReply {
  if (verdict?.verdict === 'challenge') return valueReply(true, challengeDetail(verdict));
  const detail = verdict?.verdict === 'refused' ? notSentDetail(verdict) : undefined;
  return detail ? valueReply(false, detail) : NO;
}

/** Who knows the PIN and waits for a code is told that none will come; the audit trail knows why. */
function notSentDetail({ reason, otp }: Refused): { readonly message: string } | undefined {
  return reason === 'not-sent' && otp ? { message: otp.detail } : undefined;
}

function transactionReply(verdict: Verdict | undefined, transaction: string): HttpReply {
  const right = verdict?.verdict === 'proven';
  const token = right ? verdict.token : verdict?.verdict === 'refused' ? verdict.otp : undefined;
  if (token?.serial === undefined)
    return valueReply(false, 1, { failure: `No challenge for transaction '${transaction.slice(0, 80)}' found` });
  const failcount = token.failCount ?? 0;
  const detail = { value: right, failcount, token_type: token.type ?? '', serial: token.serial };
  return valueReply({ value: right, failcount }, 1, detail);
}

function statusDetail(one: ChallengeStatus): Json {
  return {
    received_count: one.receivedCount,
    received_tan: one.receivedTan,
    valid_tan: one.validTan,
    message: one.message,
    status: one.open ? 'open' : 'closed',
    token: { serial: one.serial, type: one.type },
  };
}

const SAML_ATTRIBUTES = ['surname', 'mobile', 'phone', 'givenname', 'email'];

/** What is known of somebody who has proven who one is; a source that is away takes nothing back. */
function samlReply(found: Answer<Person | null>): Answer<HttpReply> {
  if (found instanceof Promise)
    return found.then(
      (person) => samlReply(person),
      () => samlReply(null),
    );
  const { login: username, attributes: known = {} } = found ?? {};
  const told = SAML_ATTRIBUTES.map((name) => [name, known[name] ?? null]);
  const attributes = found === null ? {} : { username: username!, ...Object.fromEntries(told) };
  return valueReply({ auth: true, attributes }, 0);
}
