/** What an administrator can do with the equipment that asks over RADIUS. Secrets are shown to nobody. Errors: those of RadiusClientList; POLICY_INVALID, SESSION_UNKNOWN, RADIUS_COA. */
import { GatehouseError } from '../../platform/errors.ts';
import type { Attribute } from '../../platform/radius/attributes.ts';
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import type { SessionChange } from '../doors/types.ts';
import type { ReplyAttributes } from '../policy/reply-attributes.ts';
import type { RadiusClientFields, RadiusClientList, RadiusClientView } from '../radius/clients.ts';
import type { SessionDirectory } from '../sessions/directory.ts';

export interface RadiusCalls {
  addRadiusClient(client: RadiusClientFields): Promise<void>;
  /** Also those of gatehouse.yaml. */
  listRadiusClients(): Promise<(RadiusClientView & { configured: boolean })[]>;
  removeRadiusClient(name: string): Promise<void>;
  /** `terms`: `vlan=20`, `session_seconds=600`, `Filter-Id=guests`. Resolves when the equipment has said that it does so. */
  changeRadiusSession(session: string, terms: readonly string[]): Promise<void>;
}

/** `configured`: those that stand in gatehouse.yaml. */
export function radiusCalls(
  clients: RadiusClientList,
  replies: ReplyAttributes,
  sessions: () => SessionDirectory,
  configured: readonly RadiusClientView[],
  event: (action: string, fields: AuditFields) => AuditLines,
  actor: string,
): RadiusCalls {
  return {
    addRadiusClient: (client) => {
      const { name, network } = client;
      return clients.add(client, configured, event('add-radius-client', { client: name, address: network }));
    },
    listRadiusClients: async () => [
      ...configured.map((one) => ({ ...one, configured: true })),
      ...clients.list().map(({ secret: _secret, ...one }) => ({ ...one, configured: false })),
    ],
    removeRadiusClient: (name) => clients.remove(name, event('remove-radius-client', { client: name })),
    async changeRadiusSession(session, terms) {
      if (!(await sessions().change(session, { ...changeIn(terms, replies), by: actor })))
        throw new GatehouseError('SESSION_UNKNOWN', `there is no session ${session} behind network equipment`);
    },
  };
}

/** As a rule of the scope `radius` would have it, but that the prefix `reply.` may be left out. */
function changeIn(terms: readonly string[], replies: ReplyAttributes): Omit<SessionChange, 'by'> {
  const attributes: Attribute[] = [];
  let seconds: number | undefined;
  for (const term of terms) {
    const [, name = '', value = ''] = /^([^=]+)=(.+)$/s.exec(term) ?? [];
    if (name === 'session_seconds') {
      if (!/^[1-9]\d{0,8}$/.test(value))
        throw new GatehouseError('POLICY_INVALID', `session_seconds is a number from 1 on, but is ${value}`);
      seconds = Number(value);
    } else {
      const action = name === 'vlan' || name.startsWith('reply.') ? name : `reply.${name}`;
      attributes.push(...replies.read(action, value).attributes);
    }
  }
  return { seconds, ...(attributes.length > 0 ? { attributes } : {}) };
}
