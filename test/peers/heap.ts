/** What a Node process holds after it has collected its garbage, asked over its inspector (Chrome DevTools Protocol). */
import { once } from 'node:events';

export interface Heap {
  /** Bytes in use on the heap of the main thread, garbage collected before. */
  used(): Promise<number>;
  close(): void;
}

/** NODE_OPTIONS for a process that `inspectHeap` shall look into. */
export function inspected(port: number): string {
  return `--inspect=127.0.0.1:${port}`;
}

export async function inspectHeap(port: number): Promise<Heap> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(targets[0]!.webSocketDebuggerUrl);
  await once(socket, 'open');
  let last = 0;
  const ask = async (method: string): Promise<Record<string, unknown>> => {
    const id = ++last;
    socket.send(JSON.stringify({ id, method }));
    for (;;) {
      const [event] = await once(socket, 'message');
      const reply = JSON.parse(String((event as MessageEvent).data)) as {
        id?: number;
        result?: Record<string, unknown>;
      };
      if (reply.id === id) return reply.result ?? {};
    }
  };
  return {
    async used() {
      await ask('HeapProfiler.collectGarbage');
      await ask('HeapProfiler.collectGarbage');
      return Number((await ask('Runtime.getHeapUsage')).usedSize);
    },
    close: () => socket.close(),
  };
}
