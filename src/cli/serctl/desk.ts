/** What a command of serctl works with. */
import type { Administration } from '../../core/admin/types.ts';
import type { Io } from '../io.ts';

export interface Desk {
  readonly io: Io;
  readonly administration: Administration;
  /** The login a user name means. */
  login(user: string): string;
}
