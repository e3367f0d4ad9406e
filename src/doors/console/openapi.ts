/**
 * The HTTP interface as an OpenAPI 3.1 document, made from the table of calls: nothing is described that is not there.
 *
 * Source: OpenAPI Specification 3.1.1; JSON Schema 2020-12 for the arguments.
 */
import * as z from 'zod';
import type { Administration } from '../../core/admin/types.ts';
import { METHODS } from '../../core/control/methods.ts';
import { version } from '../../platform/version.ts';

export const API_PREFIX = '/api/v1';

const SUMMARIES: { readonly [Method in keyof Administration]: string } = {
  addUser: 'Add a user.',
  setPassword: 'Set the password of a user.',
  setEmail: 'Set the e-mail address of a user.',
  setMobile: 'Set the mobile number of a user.',
  setRpid: 'Set the Remote-Party-ID of a user, which load_credentials reads as rpid.',
  removeUser: 'Remove a user and end its sessions.',
  lockUser: 'Lock a user, or a name that others vouch for, and end its sessions; gives how many ended.',
  unlockUser: 'Unlock a user.',
  listLocks: 'List who is locked: users of our own, and names that others vouch for.',
  showUser: 'Show a user.',
  listUsers: 'List users, a page at a time.',
  importUsers: 'Add many users; those that are there are left as they are.',
  addNumber: 'Add a number that a user is called back at, under an alias; gives it as it will be called.',
  removeNumber: 'Remove a number that a user is called back at.',
  listNumbers: 'List the numbers that a user is called back at.',
  who: 'List open sessions, of all or of one user.',
  kick: 'End one session, or all of a user; gives how many ended.',
  showBindings: 'Show the contacts of a user in a table.',
  listBindings: 'List all contacts of a table.',
  addBinding: 'Add a contact.',
  removeBindings: 'Remove one contact of a user, or all; gives how many there were.',
  listRows: 'List rows of a small SER table whose fields equal the given ones.',
  addRow: 'Add a row to a small SER table.',
  removeRows: 'Remove rows of a small SER table; gives how many there were.',
  listPolicies: 'List the rules, and which contradict each other.',
  setPolicies: 'Make or change rules, all or none.',
  removePolicy: 'Remove a rule.',
  explainPolicy: 'Would this user be let in? The rules as they were weighed, and the verdict.',
  manage: 'Give a management command of SER or OpenSER.',
  addRadiusClient: 'Let network equipment ask over RADIUS.',
  listRadiusClients: 'List the network equipment that may ask over RADIUS, without secrets.',
  removeRadiusClient: 'Let network equipment ask no more.',
  changeSession:
    'Give an open session other terms: a new end in seconds, volumes in bytes, rates in bits a second; 0 is no limit.',
  changeRadiusSession: 'Have network equipment give a session other terms.',
  addVouchers: 'Make a batch of vouchers.',
  listVoucherBatches: 'List the batches of vouchers.',
  listVouchers: 'List the vouchers of a batch and what became of them, without codes.',
  showVoucherCodes: 'Show the codes of a batch, to be printed.',
  revokeVouchers: 'Revoke a voucher, or a batch: who is in by one is out. Gives how many were good before.',
  listSmsProviders: 'List the SMS providers, without their secrets.',
  setSmsProvider: 'Make or change an SMS provider.',
  removeSmsProvider: 'Remove an SMS provider.',
  testSms: 'Send an SMS.',
  listResolvers: 'List the resolvers of persons, without their secrets.',
  setResolver: 'Make or change a resolver.',
  removeResolver: 'Remove a resolver that no realm has.',
  testResolver: 'Ask a resolver, or one that is not set yet, for some persons.',
  listRealms: 'List the realms.',
  setRealm: 'Make or change a realm.',
  removeRealm: 'Remove a realm.',
  setDefaultRealm: 'Make a realm the default; empty: none.',
  listSmsMessages: 'List the SMS that were sent of late, and what became of them.',
  enrolToken: 'Make a token, or make one anew; gives its serial and, of a device, once its seed.',
  importToken: 'Take a token of another server as it is; `existing`: one of this serial is here, and stays.',
  showToken: 'Show a token, without its secrets.',
  listTokens: 'List tokens, a page at a time.',
  setToken: 'Change a token, or all of a user; gives how many.',
  switchToken: 'Enable, disable, reset, unassign or remove a token, or all of a user; gives how many.',
  assignToken: 'Give a token to a user.',
  resyncToken: 'Find a token again by two values in a row; false: they are none.',
  setAdminPassword: 'Set the password of an administrator.',
  listAudit: 'List lines of the audit trail, newest first.',
  verifyAudit: 'Prove that no line of the audit trail was changed, removed or added.',
  status: 'Version, process, and whether it is well.',
  reload: 'Read configuration and script again; faulty ones change nothing.',
};

const FAILURES: Readonly<Record<string, string>> = {
  400: 'The arguments, or what they ask for, cannot be accepted.',
  401: 'The name or password of the administrator is missing or wrong.',
  403: 'A web page of another origin sent the request.',
  404: 'There is no such user, session, rule or call.',
  409: 'It is there already.',
  413: 'The body is too large.',
  415: 'The body is not application/json.',
  421: 'The Host header names none of our names.',
  500: 'An unexpected fault; the server log has the details.',
  503: 'The database cannot be reached, or too many log-ins wait. Try again after Retry-After.',
};

const text = { type: 'string' } as const;
const ERROR = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { ...text, description: 'What scripts may rely on; all codes: docs/errors.md.' },
        message: text,
        hint: { ...text, description: 'What to do.' },
        where: text,
        problems: { type: 'array', items: { type: 'object' }, description: 'All that is wrong with a configuration.' },
      },
    },
  },
} as const;

export function openApi(): Record<string, unknown> {
  const failures = Object.keys(FAILURES).map((status) => [status, { $ref: `#/components/responses/${status}` }]);
  const paths = Object.entries(METHODS).map(([method, schema]) => [
    `${API_PREFIX}/${method}`,
    { post: operation(method as keyof typeof METHODS, schema, Object.fromEntries(failures)) },
  ]);
  const responses = Object.entries(FAILURES).map(([status, description]) => [
    status,
    { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
  ]);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Gatehouse',
      version,
      description: 'One POST for each call; the body is the array of its arguments, the answer has its `result`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ administrator: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: { administrator: { type: 'http', scheme: 'basic' } },
      schemas: { Error: ERROR },
      responses: Object.fromEntries(responses),
    },
  };
}

function operation(method: keyof typeof METHODS, schema: z.ZodType, failures: Record<string, unknown>) {
  const { $schema: _, ...body } = z.toJSONSchema(schema, { io: 'input' });
  const result = { type: 'object', required: ['result'], properties: { result: {} } };
  return {
    operationId: method,
    summary: SUMMARIES[method],
    requestBody: { required: true, content: { 'application/json': { schema: body } } },
    responses: { 200: { description: 'Done.', content: { 'application/json': { schema: result } } }, ...failures },
  };
}
