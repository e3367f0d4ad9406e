/** The door without a network, for tests: requests as objects, and a browser's memory for cookies. */
import type { AuditEntry } from '../../core/audit/search.ts';
import { fakeAdministration } from '../../core/control/fake.ts';
import type { Person, Realms } from '../../core/realms/types.ts';
import { challengeDesk } from '../../core/tokens/challenge-status.ts';
import { tokenLab } from '../../core/tokens/lab.ts';
import type { HttpReply, HttpRequest } from '../../platform/http-route.ts';
import { silentLog } from '../../platform/log.ts';
import { createOtpDoor } from './door.ts';
import { textPattern } from './pattern.ts';

export const START = Date.UTC(2026, 0, 1);

/** With the administrator `admin`, password `right`. */
export async function otpLab(trail: readonly AuditEntry[] = []) {
  const stock = await tokenLab({ now: START });
  const { time } = stock;
  const clock = { now: () => time.now, monotonic: () => time.now };
  const administration = fakeAdministration();
  const actors: string[] = [];
  const knocks: string[] = [];
  const door = createOtpDoor({
    clock,
    log: silentLog,
    sessionKey: Buffer.alloc(32, 7),
    verifyAdmin: async (name, password, { address, port }) => {
      knocks.push(`${name} ${address} ${port}`);
      return name === 'admin' && password === 'right';
    },
    policy: administration.policies,
    gate: stock.gate,
    realms: realmsOf(stock.persons),
    tokens: stock.desk,
    challenges: challengeDesk(stock.challenges, stock.shelf),
    config: stock.config,
    believed: () => ({ client_from: [], trusted_proxies: [] }),
    searchAudit: async ({ matches, skip, limit }) => {
      const found = trail.filter(({ fields, sequence }) => matches({ ...fields, seq: sequence }));
      return { entries: found.slice(skip, skip + limit), total: found.length, more: false };
    },
    administration: (actor) => {
      actors.push(actor);
      return administration;
    },
  });

  async function send(request: Partial<HttpRequest> & { path: string }): Promise<HttpReply> {
    const rest = { fields: new Map<string, string>(), headers: {}, address: '192.0.2.1', port: 4000, secure: false };
    return door.handle({ method: 'POST', ...rest, ...request });
  }

  /** As a logged in administrator, by Basic. */
  function call(path: string, fields: Record<string, string> = {}, method: 'GET' | 'POST' = 'POST') {
    const headers = { authorization: `Basic ${btoa('admin:right')}` };
    return send({ path, method, fields: new Map(Object.entries(fields)), headers });
  }

  return { stock, time, administration, actors, knocks, send, call };
}

/** All persons are in all realms. */
function realmsOf(persons: ReadonlyMap<string, Person>): Realms {
  const find = async (login: string, realm: string) => {
    const found = persons.get(login);
    return found ? { ...found, realm } : null;
  };
  return {
    split: (text, realm) => ({ login: text.split('@')[0]!, realm: realm || text.split('@')[1] || 'house' }),
    defaultRealm: 'house',
    list: () => [],
    find,
    findById: (_source, id, realm = 'house') => find(id, realm),
    search: async ({ filter }) => ({
      persons: [...persons.values()].filter(({ login }) => textPattern(filter.username ?? '*')(login)),
      more: false,
    }),
    checkPassword: async ({ login }, password) => password === `password of ${login}`,
  };
}

/** `result` and, where there is one, `detail`; checks what stands around them. */
export function resultOf({ body }: HttpReply): { result: unknown; detail?: unknown } {
  const found =
    /^\{"jsonrpc":"2\.0802","result":(.*),"version":"LinOTP 4\.0\.0 \(Gatehouse\)","versionNumber":"4\.0\.0","id":(.*)\}$/s;
  if (!found.test(body)) throw new Error(`no reply of LinOTP: ${body}`);
  const { result, detail } = JSON.parse(body);
  return detail === undefined ? { result } : { result, detail };
}

/** Name to value, of those that a reply sets. */
export function cookiesOf({ headers }: HttpReply): Record<string, string> {
  const lines = (headers?.['set-cookie'] ?? []) as readonly string[];
  return Object.fromEntries(
    lines.map((line) => line.split(';', 1)[0]!.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
}
