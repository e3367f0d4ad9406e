/** What an administrator can do with tokens; people are named as `name` or `name@realm`. Errors: those of TokenDesk, USER_UNKNOWN. */
import { GatehouseError } from '../../platform/errors.ts';
import type { Realms } from '../realms/types.ts';
import type {
  Enrolled,
  EnrolRequest,
  TokenChange,
  TokenChoice,
  TokenDesk,
  TokenImport,
  TokenPage,
  TokenQuery,
  TokenView,
} from '../tokens/types.ts';

/** Which tokens: one, or all of somebody's. */
export interface TokenSelection {
  readonly serial?: string;
  readonly user?: string;
}

export const TOKEN_SWITCHES = ['enable', 'disable', 'reset', 'remove', 'unassign'] as const;
export type TokenSwitch = (typeof TOKEN_SWITCHES)[number];

export interface TokenCalls {
  /** An sms token without a phone gets the mobile number of its user. `pin`: a policy chose it at random. */
  enrolToken(request: Omit<EnrolRequest, 'owner'> & { user?: string }): Promise<Enrolled & { pin?: string }>;
  /** A token of another server. `existing`: there is one of this serial, and it stays as it is. Errors: USER_UNKNOWN (its owner). */
  importToken(token: TokenImport): Promise<'added' | 'existing'>;
  /** Errors: TOKEN_UNKNOWN. */
  showToken(serial: string): Promise<TokenView>;
  /** `user`: of this person alone. */
  listTokens(query: Omit<TokenQuery, 'owner'> & { user?: string }): Promise<TokenPage>;
  setToken(which: TokenSelection, change: TokenChange): Promise<number>;
  switchToken(what: TokenSwitch, which: TokenSelection): Promise<number>;
  assignToken(serial: string, user: string): Promise<void>;
  /** False: the two values are none in a row. */
  resyncToken(serial: string, otp1: string, otp2: string): Promise<boolean>;
}

export interface TokenCallsParts {
  readonly desk: TokenDesk;
  readonly realms: Pick<Realms, 'split' | 'find' | 'findById'>;
  readonly actor: string;
}

export function tokenCalls({ desk, realms, actor }: TokenCallsParts): TokenCalls {
  return {
    async enrolToken({ user, ...request }) {
      const owner = user === undefined ? undefined : await personOf(user);
      const phone = request.phone ?? (request.type === 'sms' ? owner?.attributes.mobile : undefined);
      const randomPin = desk.randomPin(owner);
      const pin = randomPin === undefined ? {} : { pin: randomPin };
      const whose = owner ? { owner } : {};
      const made = await desk.enrol({ ...request, ...whose, ...(phone === undefined ? {} : { phone }), ...pin }, actor);
      return { ...made, ...pin };
    },
    async importToken(token) {
      const owner = token.owner && (await realms.findById(token.owner.source, token.owner.id, token.realms[0]));
      if (owner === null) {
        const { source, id } = token.owner!;
        throw new GatehouseError('USER_UNKNOWN', `nobody has the id ${id.slice(0, 80)} in the resolver ${source}`, {
          hint: 'set the resolver up first, with the same ids: gatehouse resolver set',
        });
      }
      return (await desk.bring(token, owner, actor)) ? 'added' : 'existing';
    },
    async showToken(serial) {
      const token = await desk.show(serial);
      if (token) return token;
      throw new GatehouseError('TOKEN_UNKNOWN', `there is no token ${JSON.stringify(serial.slice(0, 80))}`, {
        hint: 'see gatehouse token list',
      });
    },
    async listTokens({ user, ...query }) {
      return desk.list({ ...query, ...(user === undefined ? {} : { owner: await personOf(user) }) });
    },
    setToken: async (which, change) => desk.set(await choice(which), change, actor),
    switchToken: async (what, which) => desk[what](await choice(which), actor),
    async assignToken(serial, user) {
      await desk.assign(serial, await personOf(user), actor);
    },
    resyncToken: (serial, otp1, otp2) => desk.resync(serial, otp1, otp2, actor),
  };

  async function choice({ serial, user }: TokenSelection): Promise<TokenChoice> {
    return {
      ...(serial === undefined ? {} : { serial }),
      ...(user === undefined ? {} : { owner: await personOf(user) }),
    };
  }

  async function personOf(text: string) {
    const { login, realm } = realms.split(text);
    const person = await realms.find(login, realm);
    if (person) return person;
    throw new GatehouseError('USER_UNKNOWN', `nobody is called ${login}${realm === '' ? '' : ` in ${realm}`}`, {
      hint: 'see gatehouse user list, gatehouse realm list',
    });
  }
}
