/**
 * Puts changed files in force while the server runs: all that they say, or nothing if anything in them is faulty. One reload
 * after the other.
 *
 * What only a start can change is told and goes on as it was. That something waits, or that the files were refused and are newer
 * than what runs, is a warning of the server's health.
 */
import { hash } from 'node:crypto';
import type * as z from 'zod';
import type { ReloadReport } from '../core/admin/types.ts';
import type { AuditFields } from '../core/audit/events.ts';
import type { HealthItem, PreparedChange, WaitingChange } from '../core/doors/types.ts';
import type { Clock } from '../platform/clock.ts';
import { changedOptions } from '../platform/config/changes.ts';
import { describeError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { type Problem, ProblemsError } from '../platform/problems.ts';

/** Files as they were read. */
export interface ReadFiles {
  readonly config: unknown;
  /** Where an option got its value. */
  whereIs(path: readonly string[]): string | undefined;
  /** As messages name them: gatehouse.yaml where there is one, and the script. */
  readonly files: readonly string[];
  readonly serCfg: string;
  readonly scriptText: string;
  readonly warnings: readonly Problem[];
}

export interface ReloadParts<Files extends ReadFiles> {
  readonly schema: z.ZodType;
  /** What the server was started with. */
  readonly started: Files;
  /** Errors: ProblemsError with everything that is wrong. */
  read(): Files;
  /** Makes everything ready that may be another now. Nothing has changed before `adopt`, or if it throws. */
  prepare(files: Files): Promise<PreparedChange>;
  readonly clock: Clock;
  readonly log: Log;
}

type Record = (fields: AuditFields) => Promise<void>;

export class Reloads<Files extends ReadFiles> {
  readonly #parts: ReloadParts<Files>;
  #inForce: Files;
  #health: readonly HealthItem[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ReloadParts<Files>) {
    this.#parts = parts;
    this.#inForce = parts.started;
  }

  /** `record`: writes the line of the audit trail, without which nothing changes. */
  reload(by: string, record: Record): Promise<ReloadReport> {
    const report = this.#last.then(() => this.#reload(by, record));
    this.#last = report.catch(() => {});
    return report;
  }

  health(): readonly HealthItem[] {
    return this.#health;
  }

  async #reload(by: string, record: Record): Promise<ReloadReport> {
    const { log, read, prepare } = this.#parts;
    try {
      const files = read();
      const change = await prepare(files);
      const report = this.#reportOf(files, change);
      await record(auditFields(files, report));
      change.adopt();
      this.#inForce = files;
      this.#health = this.#waitingHealth(report.waiting);
      const { changed, waiting } = report;
      log.info('the files were read again', { by, changed, waiting: waiting.map(({ what }) => what) });
      return report;
    } catch (error) {
      const why = error instanceof ProblemsError ? error.message : describeError(error);
      log.warn('a reload was refused, everything stays as it was', { by, why });
      this.#health = [...this.#health.filter(({ code }) => code !== 'RELOAD_REFUSED'), this.#refusal(why)];
      throw error;
    }
  }

  #reportOf(files: Files, { waiting, changed = [] }: PreparedChange): ReloadReport {
    const { schema, started } = this.#parts;
    const before = this.#inForce;
    const nameOf = (path: readonly string[]) => path.join('.');
    const live = changedOptions(schema, before.config, files.config).filter((option) => option.live);
    const held = changedOptions(schema, started.config, files.config).filter((option) => !option.live);
    const isOtherScript = files.serCfg !== before.serCfg || files.scriptText !== before.scriptText;
    const options = new Set([...live.map(({ path }) => nameOf(path)), ...changed]);
    const heldOptions = held.map(({ path }) => ({ what: nameOf(path), where: files.whereIs(path) }));
    const known = new Set(heldOptions.map(({ what }) => what));
    return {
      files: [...files.files],
      changed: [...(isOtherScript ? [files.serCfg] : []), ...options],
      waiting: [...heldOptions, ...waiting.filter(({ what }) => !known.has(what))],
      problems: [...files.warnings],
    };
  }

  #waitingHealth(waiting: readonly WaitingChange[]): HealthItem[] {
    if (waiting.length === 0) return [];
    const text = `the next start will change what a reload could not: ${namesOf(waiting)}`;
    return [{ code: 'RESTART_WAITS', severity: 'warning', text, since: this.#parts.clock.now() }];
  }

  #refusal(why: string): HealthItem {
    const text = `a reload was refused, so that what runs may be older than the files: ${why}`;
    return { code: 'RELOAD_REFUSED', severity: 'warning', text, since: this.#parts.clock.now() };
  }
}

function auditFields({ files, scriptText }: ReadFiles, { changed, waiting }: ReloadReport): AuditFields {
  return {
    files: files.join(', '),
    script_sha256: hash('sha256', scriptText),
    ...(changed.length > 0 ? { changed: changed.join(', ') } : {}),
    ...(waiting.length > 0 ? { waiting: namesOf(waiting) } : {}),
  };
}

function namesOf(waiting: readonly WaitingChange[]): string {
  return waiting.map(({ what }) => what).join(', ');
}
