/** All migrations in their order. A new one is a file and a line here. */
import type { Migration } from 'kysely/migration';
import * as gatehouse from './0001-gatehouse.ts';
import * as serTables from './0002-ser-tables.ts';
import * as policy from './0003-policy.ts';
import * as smsProvider from './0004-sms-provider.ts';
import * as realms from './0005-realms.ts';
import * as tokens from './0006-tokens.ts';
import * as smsMessage from './0007-sms-message.ts';
import * as numbers from './0008-numbers.ts';
import * as codePlace from './0009-code-place.ts';
import * as radius from './0010-radius.ts';
import * as callerIds from './0011-caller-ids.ts';
import * as refreshLog from './0012-refresh-log.ts';
import * as vouchers from './0013-vouchers.ts';
import * as calls from './0015-calls.ts';
import * as locked from './0016-locked.ts';

export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-gatehouse': gatehouse,
  '0002-ser-tables': serTables,
  '0003-policy': policy,
  '0004-sms-provider': smsProvider,
  '0005-realms': realms,
  '0006-tokens': tokens,
  '0007-sms-message': smsMessage,
  '0008-numbers': numbers,
  '0009-code-place': codePlace,
  '0010-radius': radius,
  '0011-caller-ids': callerIds,
  '0012-refresh-log': refreshLog,
  '0013-vouchers': vouchers,
  '0015-calls': calls,
  '0016-locked': locked,
};
