/**
 * A number of the exchange that leads to a TCP port, raw or as telnet: a modem that answers there as soon as the connection stands.
 *
 * Where none comes about the caller hears it ring. One call at a time: who else calls hears busy.
 */
import { connect, type Socket } from 'node:net';
import type { Subscriber, Switch, Terminal } from './switch.ts';
import { Telnet } from './telnet.ts';

export interface TcpAddress {
  readonly protocol: 'tcp' | 'telnet';
  readonly host: string;
  readonly port: number;
}

/** A caller without a modem is hung up on. */
const CARRIER_S = 30;

export class TcpNumber implements Terminal {
  readonly subscriber: Subscriber;
  readonly #exchange: Switch;
  readonly #address: TcpAddress;
  readonly #secondMs: number;
  #socket: Socket | undefined;
  #telnet: Telnet | undefined;
  /** For the caller's carrier, then for his modem to say CONNECT. */
  #timer: NodeJS.Timeout | undefined;
  /** The caller's modem has said CONNECT. */
  #heard = false;
  #held = false;

  constructor(number: string, exchange: Switch, address: TcpAddress, secondMs: number) {
    this.#exchange = exchange;
    this.#address = address;
    this.#secondMs = secondMs;
    this.subscriber = exchange.connect(number, this);
  }

  get address(): string {
    const { protocol, host, port } = this.#address;
    return `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /** In the words of modems. */
  get state(): string {
    return this.subscriber.modemOffHook ? 'data' : this.#socket === undefined ? 'command' : 'ringing';
  }

  ringing(ring: number): void {
    if (ring > 1) return;
    const { protocol, host, port } = this.#address;
    const socket = connect({ host, port, noDelay: true }).pause();
    this.#socket = socket;
    this.#telnet = protocol === 'telnet' ? new Telnet((bytes) => socket.write(bytes)) : undefined;
    socket.on('error', () => {}); // `close` follows
    socket.on('connect', () => {
      this.#timer = setTimeout(() => this.#hangUp(), CARRIER_S * this.#secondMs);
      this.#exchange.hook(this.subscriber, 'modem', true);
      this.#exchange.give(this.subscriber, 'answer');
    });
    socket.on('data', (bytes) => this.#exchange.send(this.subscriber, this.#telnet?.received(bytes) ?? bytes));
    socket.on('drain', () => this.#exchange.hold(this.subscriber, false));
    socket.on('close', () => {
      if (this.#socket === socket) this.#hangUp();
    });
  }

  ringingStopped(): void {
    if (!this.subscriber.modemOffHook) this.#hangUp();
  }

  /** The other modem says CONNECT before it hears anything. */
  carrierUp(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#heard = true;
      this.#flow();
    }, this.#secondMs);
  }

  carrierLost(): void {
    this.#hangUp();
  }

  receive(bytes: Uint8Array): void {
    if (this.#socket?.write(this.#telnet?.sent(bytes) ?? bytes) === false) this.#exchange.hold(this.subscriber, true);
  }

  hold(held: boolean): void {
    this.#held = held;
    if (this.#heard) this.#flow();
  }

  close(): void {
    this.#hangUp();
  }

  #flow(): void {
    if (this.#held) this.#socket?.pause();
    else this.#socket?.resume();
  }

  #hangUp(): void {
    const socket = this.#socket;
    clearTimeout(this.#timer);
    this.#socket = undefined;
    this.#heard = false;
    this.#held = false;
    // What was said last still goes out.
    if (socket?.connecting === false) socket.end().destroySoon();
    else socket?.destroy();
    this.#exchange.hook(this.subscriber, 'modem', false);
  }
}
