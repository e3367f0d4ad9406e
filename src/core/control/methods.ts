/**
 * The calls of Administration as they cross a socket: one table with what each takes. The ONLY place to add one; the
 * control socket, the HTTP interface and the client are all made from it.
 *
 * Errors: METHOD_UNKNOWN, ARGUMENTS_INVALID, and whatever the call itself throws.
 */
import * as z from 'zod';
import { GatehouseError } from '../../platform/errors.ts';
import { TOKEN_SWITCHES } from '../admin/tokens.ts';
import { type Administration, IMPORT_PIECE, SER_LISTS, type SerList } from '../admin/types.ts';
import type { ResolverType } from '../realms/types.ts';
import { TOKEN_ORDERS } from '../tokens/types.ts';
import { LARGEST_BATCH } from '../vouchers/vouchers.ts';

const login = z.string().min(1).max(320);
const password = z.string().max(1024);
/** A year. */
const MOST_SECONDS = 31_536_000;
const email = z.string().max(320);
const mobile = z.string().max(40);
const rpid = z.string().max(128);
const table = z.string().min(1).max(64);
const contact = z.string().min(1).max(1024);
/** What a database holds of it sealed. */
const smsConfig = z
  .record(z.string(), z.unknown())
  .refine((config) => JSON.stringify(config).length <= 16_000, 'is longer than 16,000 characters');
const resolver = z.strictObject({
  name: z.string().max(80),
  type: z.string().max(80) as z.ZodType<ResolverType>,
  config: z
    .record(z.string().max(64), z.unknown())
    .refine((config) => JSON.stringify(config).length <= 30_000, 'is longer than 30,000 characters'),
});
const policyName = z.string().max(80);
const condition = z.string().max(2000);
const policyRule = z.strictObject({
  name: policyName,
  scope: z.string().max(32),
  action: condition,
  user: condition,
  realm: condition,
  client: condition,
  time: condition,
  active: z.boolean(),
});
const bytes = z.int().min(0).max(1e15);
const kbit = z.int().min(0).max(1e8).optional();
const serial = z.string().min(1).max(80);
/** A login, with or without its realm. */
const person = z.string().min(1).max(400);
const tokenSelection = z.strictObject({ serial: serial.optional(), user: person.optional() });
const serList = z.enum(Object.keys(SER_LISTS) as [SerList, ...SerList[]]);
const rowFields = z
  .record(z.string().max(64), z.union([z.string().max(255), z.int(), z.null()]))
  .refine((row) => Object.keys(row).length <= 16, 'has more than 16 fields');
const newUser = z.strictObject({ login, password, email: email.optional(), mobile: mobile.optional() });

const hex = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^(?:[0-9a-fA-F]{2})*$/, 'hexadecimal digits are wanted');

const tokenSettings = {
  description: z.string().max(250),
  phone: z.string().max(64),
  maxFailCount: z.int(),
  syncWindow: z.int(),
  countWindow: z.int(),
  otpLength: z.int(),
  hash: z.enum(['sha1', 'sha256', 'sha512']),
  timeWindow: z.int(),
  timeStep: z.int(),
  timeShift: z.int(),
  countAuth: z.int(),
  countAuthMax: z.int(),
  countAuthSuccess: z.int(),
  countAuthSuccessMax: z.int(),
  validFrom: z.int(),
  validUntil: z.int(),
  realms: z.array(z.string().max(64)).max(20),
};

export const METHODS = {
  addUser: z.tuple([newUser]),
  setPassword: z.tuple([login, password]),
  setEmail: z.tuple([login, email]),
  setMobile: z.tuple([login, mobile]),
  setRpid: z.tuple([login, rpid]),
  removeUser: z.tuple([login]),
  lockUser: z.tuple([login]),
  unlockUser: z.tuple([login]),
  listLocks: z.tuple([z.strictObject({ prefix: login.optional(), limit: z.int().min(1).max(100_001) })]),
  showUser: z.tuple([login]),
  listUsers: z.tuple([
    z.strictObject({
      prefix: login.optional(),
      after: z.string().max(320).optional(),
      limit: z.int().min(1).max(1000),
    }),
  ]),
  importUsers: z.tuple([z.array(newUser).max(IMPORT_PIECE)]),
  addNumber: z.tuple([login, z.string().max(80), z.string().max(80)]),
  removeNumber: z.tuple([login, z.string().max(80)]),
  listNumbers: z.tuple([login]),
  who: z.tuple([login.optional()]),
  kick: z.tuple([z.string().min(1).max(1024)]),
  showBindings: z.tuple([table, login]),
  listBindings: z.tuple([table]),
  addBinding: z.tuple([
    // seconds 0 = permanent, q -1 = none.
    z.strictObject({
      table,
      login,
      contact,
      seconds: z
        .int()
        .min(0)
        .max(2 ** 31),
      q: z.number().min(-1).max(1),
    }),
  ]),
  removeBindings: z.tuple([table, login, contact.optional()]),
  listRows: z.tuple([serList, rowFields]),
  addRow: z.tuple([serList, rowFields]),
  removeRows: z.tuple([serList, rowFields]),
  listPolicies: z.tuple([]),
  setPolicies: z.tuple([z.array(policyRule).max(1000)]),
  removePolicy: z.tuple([policyName]),
  explainPolicy: z.tuple([
    z.strictObject({
      user: login,
      door: z.string().max(32),
      client: z.string().max(128),
      time: z.int().min(0).max(8.64e15).optional(),
    }),
  ]),
  manage: z.tuple([z.string().min(1).max(64), z.array(z.string().max(65_536)).max(64)]),
  addVouchers: z.tuple([
    z.strictObject({
      batch: z.string().max(80),
      count: z.int().min(1).max(LARGEST_BATCH),
      terms: z.strictObject({
        seconds: z.int().min(0).max(315_360_000),
        upload: bytes,
        download: bytes,
        uploadKbit: kbit,
        downloadKbit: kbit,
        devices: z.int().min(1).max(1_000),
        expires: z.int().min(0).max(8.64e15),
      }),
    }),
  ]),
  listVoucherBatches: z.tuple([]),
  listVouchers: z.tuple([z.string().max(80)]),
  showVoucherCodes: z.tuple([z.string().max(80)]),
  revokeVouchers: z.tuple([z.string().max(80)]),
  listSmsProviders: z.tuple([]),
  setSmsProvider: z.tuple([
    z.strictObject({
      name: z.string().max(80),
      class: z.string().max(80),
      config: smsConfig,
      timeout: z.int().min(1).max(86_400).nullable(),
      isDefault: z.boolean(),
    }),
  ]),
  removeSmsProvider: z.tuple([z.string().max(80)]),
  testSms: z.tuple([
    z.strictObject({
      number: z.string().max(80),
      text: z.string().min(1).max(1600),
      provider: z.string().max(80).optional(),
    }),
  ]),
  listResolvers: z.tuple([]),
  setResolver: z.tuple([resolver]),
  removeResolver: z.tuple([z.string().max(80)]),
  testResolver: z.tuple([z.union([z.string().max(80), resolver])]),
  listRealms: z.tuple([]),
  setRealm: z.tuple([z.string().max(80), z.array(z.string().max(160)).max(50)]),
  removeRealm: z.tuple([z.string().max(80)]),
  setDefaultRealm: z.tuple([z.string().max(80)]),
  addRadiusClient: z.tuple([
    z.strictObject({
      name: z.string().max(80),
      network: z.string().max(80),
      secret: z.string().max(256),
      messageAuthenticator: z.enum(['required', 'optional']),
      proof: z.enum(['password', 'otp']),
      disconnectPort: z.int().min(1).max(65_535),
      mayDisconnect: z.boolean(),
    }),
  ]),
  listRadiusClients: z.tuple([]),
  removeRadiusClient: z.tuple([z.string().max(80)]),
  changeSession: z.tuple([
    z.string().max(128),
    z.strictObject({
      seconds: z.int().min(1).max(MOST_SECONDS).optional(),
      upload: z.int().min(0).optional(),
      download: z.int().min(0).optional(),
      uploadRate: z.int().min(0).optional(),
      downloadRate: z.int().min(0).optional(),
    }),
  ]),
  changeRadiusSession: z.tuple([z.string().max(128), z.array(z.string().max(300)).min(1).max(20)]),
  listSmsMessages: z.tuple([
    z.strictObject({
      limit: z.int().min(1).max(1000),
      before: z.string().max(32).optional(),
      user: login.optional(),
    }),
  ]),
  enrolToken: z.tuple([
    z.strictObject({
      type: z.enum(['hmac', 'sms', 'totp']),
      serial: serial.optional(),
      user: person.optional(),
      realms: z.array(z.string().max(64)).max(20).optional(),
      phone: z.string().max(64).optional(),
      pin: z.string().max(256).optional(),
      seed: z.string().max(256).optional(),
      keySize: z.int().optional(),
      otpLength: z.int().optional(),
      hash: z.enum(['sha1', 'sha256', 'sha512']).optional(),
      description: z.string().max(250).optional(),
      timeStep: z.int().optional(),
    }),
  ]),
  importToken: z.tuple([
    z.strictObject({
      serial,
      type: z.enum(['hmac', 'sms', 'totp']),
      owner: z.strictObject({ source: z.string().max(64), id: z.string().max(320) }).optional(),
      seed: z.string().max(256),
      pin: z.string().max(256).optional(),
      pinHash: z.strictObject({ salt: hex(64), hash: hex(64) }).optional(),
      active: z.boolean(),
      counter: z.int().min(0),
      failCount: z.int().min(0),
      ...tokenSettings,
    }),
  ]),
  showToken: z.tuple([serial]),
  listTokens: z.tuple([
    z.strictObject({
      serial: serial.optional(),
      login: person.optional(),
      user: person.optional(),
      realm: z.string().max(64).optional(),
      type: z.enum(['hmac', 'sms', 'totp']).optional(),
      text: z.string().max(128).optional(),
      page: z.int().min(1).optional(),
      pageSize: z.int().min(1).max(10_000).optional(),
      orderBy: z.enum(TOKEN_ORDERS).optional(),
      descending: z.boolean().optional(),
    }),
  ]),
  setToken: z.tuple([
    tokenSelection,
    z.strictObject({
      pin: z.string().max(256).optional(),
      ...z.strictObject(tokenSettings).partial().shape,
    }),
  ]),
  switchToken: z.tuple([z.enum(TOKEN_SWITCHES), tokenSelection]),
  assignToken: z.tuple([serial, person]),
  resyncToken: z.tuple([serial, z.string().max(16), z.string().max(16)]),
  setAdminPassword: z.tuple([z.string().min(1).max(128), password]),
  verifyAudit: z.tuple([]),
  listAudit: z.tuple([
    z.strictObject({
      user: login.optional(),
      door: z.string().max(16).optional(),
      event: z.string().max(32).optional(),
      limit: z.int().min(1).max(1000),
    }),
  ]),
  status: z.tuple([]),
  reload: z.tuple([]),
} satisfies { [Method in keyof Administration]: z.ZodType<Parameters<Administration[Method]>> };

/** Makes the call that a socket asked for. A call without an answer gives null. */
export async function callMethod(administration: Administration, method: string, args: unknown): Promise<unknown> {
  if (!Object.hasOwn(METHODS, method)) {
    throw new GatehouseError('METHOD_UNKNOWN', `there is no call \`${method.slice(0, 64)}\``, {
      hint: `the calls are: ${Object.keys(METHODS).join(', ')}`,
    });
  }
  const name = method as keyof Administration;
  const parsed = METHODS[name].safeParse(args);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new GatehouseError('ARGUMENTS_INVALID', message.charAt(0).toLowerCase() + message.slice(1), {
      where: `${method}(${path.map(String).join('.')})`,
    });
  }
  // The table above ties each schema to the parameters of its call; TypeScript cannot follow that through a variable name.
  const call = administration[name] as (...args: readonly unknown[]) => Promise<unknown>;
  return (await call.apply(administration, parsed.data)) ?? null;
}
