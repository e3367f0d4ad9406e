/** What main and helper say to each other, over Node's channel with its structured serialisation. */
import type { PermitList } from './permit.ts';
import type { ProgramResult, ProgramRun } from './types.ts';

export type Order =
  /** Before all others, and once. */
  | { readonly permitted: PermitList }
  | { readonly id: number; readonly run: ProgramRun }
  /** Before its time. */
  | { readonly id: number; readonly stop: true };

export type Report =
  /** Said before it is started: what main has not heard this of was never begun, and may be asked for again. */
  | { readonly id: number; readonly begins: true }
  /** It runs; the process group is told so that main can end it when the helper dies. */
  | { readonly id: number; readonly started: number }
  | { readonly id: number; readonly result: ProgramResult }
  | { readonly id: number; readonly failure: string }
  | { readonly id: number; readonly refused: string };
