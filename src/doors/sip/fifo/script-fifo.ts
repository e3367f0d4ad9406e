/** The FIFO that the script wants: by SER's and OpenSER 1.0's `fifo=`, or by the module mi_fifo of later ones. */
import { isDeepStrictEqual } from 'node:util';
import type { Administration } from '../../../core/admin/types.ts';
import type { Site } from '../management/command.ts';
import { runCommand } from '../management/commands.ts';
import type { LoadedScript } from '../script/load.ts';
import { Fifo } from './fifo.ts';
import type { Style } from './reply-text.ts';

interface Place {
  readonly path: string;
  readonly replyDirectory: string;
  readonly style: Style;
}

/** Where SER looks for reply fifos. */
const REPLIES = '/tmp';

export class ScriptFifo {
  readonly #site: Site;
  readonly #administration: (actor: string) => Administration;
  #place: Place | undefined;
  #fifo: Fifo | undefined;
  /** Why it is not open; empty: all is well. */
  faults: readonly string[] = [];

  constructor(site: Site, administration: (actor: string) => Administration) {
    this.#site = site;
    this.#administration = administration;
  }

  /** Opens what this script wants in place of what an earlier one wanted. Never rejects: see `faults`. */
  async follow(script: LoadedScript): Promise<void> {
    const place = placeOf(script);
    if (this.#fifo && this.faults.length === 0 && isDeepStrictEqual(place, this.#place)) return;
    this.close();
    this.#place = place;
    if (place === undefined) return;
    const { clock, log } = this.#site;
    // Whoever writes into it is the owner, or root.
    const by = this.#administration('FIFO');
    const fifo = new Fifo({ ...place, clock, log, run: (name, args) => runCommand(this.#site, by, name, args) });
    this.#fifo = fifo;
    const fault = await fifo.open();
    // Another script may want another one by now.
    if (fault === undefined || this.#fifo !== fifo) return;
    this.faults = [fault];
    log.warn(fault);
  }

  close(): void {
    this.#fifo?.close();
    this.#fifo = undefined;
    this.faults = [];
  }
}

/** Undefined: it wants none. */
function placeOf({ globals, uses }: LoadedScript): Place | undefined {
  const module = uses.parametersOf('mi_fifo');
  if (module?.fifo_name) {
    return { path: String(module.fifo_name), replyDirectory: String(module.reply_dir), style: 'openser' };
  }
  return globals.fifo ? { path: globals.fifo, replyDirectory: REPLIES, style: 'ser' } : undefined;
}
