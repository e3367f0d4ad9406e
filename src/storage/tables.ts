/** Gatehouse's own tables as Kysely sees them. Times are milliseconds since the epoch. */

export interface Schema {
  gh_meta: { name: string; value: string };
  gh_user: {
    id: number;
    email: string;
    mobile: string;
    rpid: string;
    locked: number;
    password: Uint8Array | null;
    created: number;
  };
  /** `position` 0 is the first login. */
  gh_login: { name: string; domain: string; user_id: number; position: number };
  /** Conditions are empty where all are meant. */
  gh_policy: {
    name: string;
    scope: string;
    actions: string;
    users: string;
    realms: string;
    clients: string;
    times: string;
    active: number;
  };
  gh_sms_provider: { name: string; class: string; config: Uint8Array; timeout: number | null; is_default: number };
  gh_resolver: { name: string; type: string; config: Uint8Array };
  /** `resolvers` with commas in between. */
  gh_realm: { name: string; resolvers: string; is_default: number };
  /** `entry` is a LogEntry as JSON. */
  gh_refresh: { id: string; entry: string };
  gh_admin: { name: string; hash: string; changed: number };
  gh_history: {
    session: string;
    door: string;
    login: string;
    client: string;
    started: number;
    ended: number;
    reason: string;
    sent: number | null;
    received: number | null;
  };
}
