/** /system/…Policy: rules in LinOTP's words (core/admin/linotp-policies.ts). Errors: OTP_PARAMETER, those of linotpPolicies. */
import { linotpPolicies } from '../../../core/admin/linotp-policies.ts';
import { type Kind, LINOTP_SCOPES, linotpActions } from '../../../core/policy/linotp/actions.ts';
import type { Clock } from '../../../platform/clock.ts';
import { type AdminCalls, changes, type Outcome, reads } from '../call.ts';
import { type Fields, isOn, requiredField } from '../fields.ts';
import { type Json, textReply } from '../reply.ts';

const TYPES: Readonly<Record<Kind, Json>> = {
  presence: { type: 'bool' },
  switch: { type: 'bool' },
  number: { type: 'int' },
  text: { type: 'str' },
  list: { type: 'str' },
  pinMode: { type: 'int', range: [0, 1, 2, 3] },
};

type Policies = ReturnType<typeof linotpPolicies>;
type Run = (fields: Fields, policies: Policies) => Promise<Outcome>;

export function policyCalls(clock: Clock): AdminCalls {
  const now = () => new Date(clock.now());
  const over = (kind: typeof reads, run: Run) =>
    kind((fields, { administration }) => run(fields, linotpPolicies(administration, now)));
  return {
    '/system/setPolicy': over(changes, async (fields, policies) => ({
      value: await policies.setPolicy(given(fields)),
    })),
    '/system/getPolicy': over(reads, getPolicy),
    '/system/delPolicy': over(changes, async (fields, policies) => ({
      value: await policies.delPolicy(requiredField(fields, 'name'), isOn(fields, 'enforce')),
    })),
    '/system/checkPolicy': over(reads, checkPolicy),
    '/system/getPolicyDef': reads(async (fields) => ({ value: definitions(fields.get('scope')) })),
    '/system/importPolicy': over(changes, async (fields, policies) => ({
      value: await policies.importPolicy(requiredField(fields, 'file'), 'file'),
    })),
  };
}

/** The scopes, their actions, and what each takes. */
function definitions(wanted: string | undefined): Json {
  const scopes = LINOTP_SCOPES.filter((scope) => !wanted || scope === wanted);
  return Object.fromEntries(
    scopes.map((scope) => {
      const actions = Object.entries(linotpActions(scope)).map(([action, kind]) => [action, TYPES[kind]]);
      return [scope, Object.fromEntries(actions)];
    }),
  );
}

function given(fields: Fields): Parameters<Policies['setPolicy']>[0] {
  const [name, scope, action, realm] = ['name', 'scope', 'action', 'realm'].map((field) =>
    requiredField(fields, field),
  );
  return {
    name: name!,
    scope: scope!,
    action: action!,
    realm: realm!,
    ...said(fields, 'user', 'client', 'time', 'active'),
    enforce: isOn(fields, 'enforce'),
  };
}

/** With `export`, as a file that importPolicy takes. */
async function getPolicy(fields: Fields, policies: Policies): Promise<Outcome> {
  const wanted = {
    ...said(fields, 'name', 'scope', 'action', 'user', 'realm', 'client'),
    inactive: isOn(fields, 'display_inactive'),
  };
  if (fields.has('export')) return textReply(await policies.exportPolicy(wanted));
  return { value: await policies.getPolicy(wanted) };
}

async function checkPolicy(fields: Fields, policies: Policies): Promise<Outcome> {
  const [user, realm, scope, action, client] = ['user', 'realm', 'scope', 'action', 'client'].map((field) =>
    requiredField(fields, field),
  );
  const { allowed, policy } = await policies.checkPolicy({
    user: user!,
    realm: realm!,
    scope: scope!,
    action: action!,
    client: client!,
  });
  return { value: { allowed, policy } };
}

/** Those that are there and say something. */
function said<Name extends string>(fields: Fields, ...names: Name[]): { [One in Name]?: string } {
  return Object.fromEntries(names.flatMap((name) => (fields.get(name) ? [[name, fields.get(name)]] : []))) as {
    [One in Name]?: string;
  };
}
