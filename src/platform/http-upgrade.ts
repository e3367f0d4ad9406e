/** How one door takes over a connection that came to another one's HTTP server (RFC 9110 section 7.8); main joins the two. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export type TakeUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/** Told where an HTTP server listens; gives what takes its upgrades. */
export type OfferUpgrades = (listener: { address: string; port: number; secure: boolean }) => Promise<TakeUpgrade>;
