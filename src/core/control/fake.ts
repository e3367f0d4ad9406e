/** An Administration that keeps users in memory, for tests of whatever speaks to one. */
import { GatehouseError } from '../../platform/errors.ts';
import { realmCalls } from '../admin/realms.ts';
import { tokenCalls } from '../admin/tokens.ts';
import type { Administration, BindingView, RowFields, SerList, UserView } from '../admin/types.ts';
import type { AuditEntry } from '../audit/search.ts';
import type { AuditLines } from '../audit/types.ts';
import type { SessionInfo } from '../doors/types.ts';
import { PolicyRules } from '../policy/rules.ts';
import type { RadiusClientView } from '../radius/clients.ts';
import { fakeRealms } from '../realms/fake.ts';
import type { SmsDefinition } from '../sms/types.ts';
import { fakeTokens } from '../tokens/fake.ts';
import type { VoucherTerms } from '../vouchers/terms.ts';

const NO_AUDIT: AuditLines = [];

export interface FakeAdministration extends Administration {
  readonly users: Map<string, UserView & { password: string }>;
  readonly bindings: BindingView[];
  readonly sessions: SessionInfo[];
  readonly adminPasswords: Map<string, string>;
  readonly policies: PolicyRules;
  /** Management commands that came, with their arguments, and what is answered. */
  readonly managed: string[][];
  managedReply: { status: number; reason: string; lines: string[] };
  radiusClients: (RadiusClientView & { configured: boolean })[];
  readonly vouchers: Map<string, { terms: VoucherTerms; codes: { id: string; code: string }[] }>;
  readonly smsProviders: SmsDefinition[];
  readonly sent: { number: string; text: string; provider?: string }[];
  readonly rows: { list: SerList; row: RowFields }[];
  faults: { file: string; line: number; fault: string }[];
  readonly audit: AuditEntry[];
}

export function fakeAdministration(): FakeAdministration {
  const users: FakeAdministration['users'] = new Map();
  const bindings: BindingView[] = [];
  const numbers: { login: string; alias: string; number: string }[] = [];
  const realms = fakeRealms();
  const sessions: SessionInfo[] = [];
  const user = (login: string) => {
    const found = users.get(login);
    if (!found) throw new GatehouseError('USER_UNKNOWN', `there is no user ${login}`);
    return found;
  };
  const create = (login: string, password: string, email = '', mobile = '') => {
    if (/\s/.test(login)) throw new GatehouseError('BAD_LOGIN', 'a login holds no blanks');
    if (users.has(login))
      throw new GatehouseError('USER_EXISTS', `${login} is there already`, { hint: 'choose another' });
    const id = String(users.size + 1).padStart(6, '0');
    const made = {
      id,
      logins: [login],
      email,
      mobile,
      rpid: '',
      locked: false,
      created: null,
      source: 'local',
      password,
    };
    users.set(login, made);
    return made;
  };
  const rowsOf = (list: SerList, match: RowFields) =>
    fake.rows.filter(
      (one) => one.list === list && Object.entries(match).every(([name, value]) => one.row[name] === value),
    );
  const view = ({ password: _, ...rest }: UserView & { password: string }): UserView => rest;

  const fake: FakeAdministration = {
    users,
    bindings,
    sessions,
    adminPasswords: new Map(),
    faults: [],
    audit: [],
    managed: [],
    managedReply: { status: 200, reason: 'OK', lines: [] },
    addUser: async ({ login, password, email, mobile }) => view(create(login, password, email, mobile)),
    setPassword: async (login, password) => {
      user(login).password = password;
    },
    setMobile: async (login, mobile) => {
      user(login).mobile = mobile;
    },
    setRpid: async (login, rpid) => {
      user(login).rpid = rpid;
    },
    setEmail: async (login, email) => {
      user(login).email = email;
    },
    removeUser: async (login) => {
      users.delete(user(login).logins[0]!);
    },
    lockUser: async (login) => {
      user(login).locked = true;
      return fake.kick(login);
    },
    unlockUser: async (login) => {
      user(login).locked = false;
    },
    listLocks: async ({ prefix = '', limit }) =>
      [...users.values()]
        .filter(({ logins, locked }) => locked && logins[0]!.startsWith(prefix))
        .slice(0, limit)
        .map(({ logins }) => ({ login: logins[0]!, of: 'user', since: null, by: null })),
    showUser: async (login) => view(user(login)),
    listUsers: async ({ prefix = '', after = '', limit }) =>
      [...users.values()]
        .filter(({ id, logins }) => id > after && logins[0]!.startsWith(prefix))
        .slice(0, limit)
        .map(view),
    importUsers: async (added) => {
      if (added.some(({ login }) => /\s/.test(login))) throw new GatehouseError('BAD_LOGIN', 'a login holds no blanks');
      const existing = added.filter(({ login }) => users.has(login)).map(({ login }) => login);
      for (const one of added) if (!users.has(one.login)) create(one.login, one.password, one.email, one.mobile);
      return { added: added.length - existing.length, existing };
    },
    addNumber: async (login, alias, number) => {
      user(login);
      numbers.push({ login, alias, number });
      return number;
    },
    removeNumber: async (login, alias) => {
      const at = numbers.findIndex((one) => one.login === login && one.alias === alias);
      if (at < 0) throw new GatehouseError('NUMBER_UNKNOWN', 'there is no such number');
      numbers.splice(at, 1);
    },
    listNumbers: async (login) =>
      numbers.filter((one) => one.login === login).map(({ alias, number }) => ({ alias, number })),
    who: async (login) => sessions.filter((session) => login === undefined || session.user === login),
    kick: async (what) => {
      const ended = sessions.filter((session) => session.user === what || session.session === what);
      for (const session of ended) sessions.splice(sessions.indexOf(session), 1);
      return ended.length;
    },
    showBindings: async (table, login) => bindings.filter((one) => one.table === table && one.aor === login),
    listBindings: async (table) => bindings.filter((one) => one.table === table),
    addBinding: async ({ table, login, contact, seconds, q }) => {
      const rest = { callId: '', cseq: 0, userAgent: '', received: null };
      bindings.push({ table, aor: login, contact, q, expires: seconds === 0 ? null : seconds, ...rest });
    },
    removeBindings: async (table, login, contact) => {
      const gone = bindings.filter(
        (one) => one.table === table && one.aor === login && (contact === undefined || one.contact === contact),
      );
      for (const one of gone) bindings.splice(bindings.indexOf(one), 1);
      return gone.length;
    },
    rows: [],
    listRows: async (list, match) => rowsOf(list, match).map(({ row }) => row),
    addRow: async (list, row) => {
      if (rowsOf(list, row).length > 0) throw new GatehouseError('ROW_EXISTS', 'it is there already');
      fake.rows.push({ list, row });
    },
    removeRows: async (list, match) => {
      const gone = rowsOf(list, match);
      for (const one of gone) fake.rows.splice(fake.rows.indexOf(one), 1);
      return gone.length;
    },
    manage: async (command, args) => {
      fake.managed.push([command, ...args]);
      return fake.managedReply;
    },
    setAdminPassword: async (name, password) => {
      if (password.length < 8) throw new GatehouseError('ADMIN_PASSWORD_SHORT', 'too short');
      fake.adminPasswords.set(name, password);
    },
    policies: new PolicyRules(),
    listPolicies: async () => ({
      policies: fake.policies.list(),
      contradictions: fake.policies.contradictions(),
      notices: [...fake.policies.notices()],
    }),
    setPolicies: async (rules) => {
      fake.policies.replace([...fake.policies.list(), ...rules]);
      return { contradictions: fake.policies.contradictions(), notices: [] };
    },
    removePolicy: async (name) => fake.policies.replace(fake.policies.list().filter((rule) => rule.name !== name)),
    explainPolicy: async ({ user: name, client, time = 0 }) => {
      const { weighings, refusal } = fake.policies.explain('sip', { name, client, time: new Date(time) });
      const shown = weighings.map((one) => ({ ...one, value: one.value ?? null }));
      return { account: users.has(name) ? 'open' : 'unknown', weighings: shown, refusal: refusal ?? null };
    },
    radiusClients: [],
    addRadiusClient: async ({ secret: _secret, ...client }) =>
      void fake.radiusClients.push({ ...client, configured: false }),
    listRadiusClients: async () => fake.radiusClients,
    removeRadiusClient: async (name) => {
      fake.radiusClients = fake.radiusClients.filter((one) => one.name !== name);
    },
    changeSession: async () => {},
    changeRadiusSession: async () => {},
    vouchers: new Map(),
    addVouchers: async ({ batch, count, terms }) => {
      const codes = Array.from({ length: count }, (_, i) => ({ id: `${batch}-${i + 1}`, code: `CODE-${i + 1}` }));
      fake.vouchers.set(batch, { terms, codes });
    },
    listVoucherBatches: async () =>
      [...fake.vouchers].map(([name, { terms, codes }]) => ({ name, terms, size: codes.length, made: 0 })),
    listVouchers: async (batch) =>
      (fake.vouchers.get(batch)?.codes ?? []).map(({ id }) => ({
        id,
        state: 'new',
        first: null,
        sent: 0,
        received: 0,
        sessions: 0,
      })),
    showVoucherCodes: async (batch) => {
      const found = fake.vouchers.get(batch);
      if (found === undefined) throw new GatehouseError('VOUCHER_UNKNOWN', `there is no batch ${batch}`);
      return found;
    },
    revokeVouchers: async (name) => {
      const revoked = fake.vouchers.get(name)?.codes.length ?? 1;
      fake.vouchers.delete(name);
      return { revoked, ended: 0 };
    },
    smsProviders: [],
    sent: [],
    listSmsProviders: async () => fake.smsProviders,
    setSmsProvider: async (definition) => {
      const at = fake.smsProviders.findIndex((one) => one.name === definition.name);
      fake.smsProviders.splice(at < 0 ? fake.smsProviders.length : at, 1, definition);
    },
    removeSmsProvider: async (name) => {
      fake.smsProviders.splice(
        fake.smsProviders.findIndex((one) => one.name === name),
        1,
      );
    },
    testSms: async (message) => {
      fake.sent.push(message);
      return { provider: message.provider ?? 'default', answer: 'ID 7' };
    },
    listSmsMessages: async () =>
      fake.sent.map(({ number }, i) => ({
        id: String(i),
        time: '2026-01-01T00:00:00.000Z',
        user: '',
        number,
        provider: 'default',
        state: 'sent',
        answer: 'ID 7',
        gatewayIds: [],
      })),
    ...realmCalls(realms, () => NO_AUDIT),
    ...tokenCalls({ desk: fakeTokens(), realms, actor: 'test' }),
    listAudit: async ({ limit }) => ({ entries: fake.audit.slice(0, limit), total: fake.audit.length, more: false }),
    verifyAudit: async () => ({ segments: 1, lines: 3, faults: fake.faults }),
    reload: async () => ({ files: ['ser.cfg'], changed: [], waiting: [], problems: [] }),
    status: async () => ({ version: '0', startedAt: '2026-01-01T00:00:00Z', pid: 42, health: [] }),
  };
  return fake;
}
