import { type Bus, decodeText, type IncomingMessage } from "@fairlead/bus";

/**
 * Two clients of one bus under test; an adapter within one process may give the same one twice. Over Fairlead's own subjects
 * `publisher` has signaling's rights and `subscriber` a node's.
 */
export type BusAdapter = {
  publisher: Bus;
  subscriber: Bus;
  /** One more client, with the subscriber's rights. */
  connectSubscriber(): Promise<Bus>;
  close(): Promise<void>;
};

export type BusAdapterOptions = {
  onHandlerError: (error: unknown, subject: string) => void;
  /** Whether the facts are about any subjects, or about Fairlead's with their permissions. */
  subjects: "any" | "fairlead";
};

export type CreateBusAdapter = (options: BusAdapterOptions) => Promise<BusAdapter>;

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Gathers what a subscription receives, and waits for it without sleeping. */
export function collect() {
  const messages: IncomingMessage[] = [];
  const waiting = new Set<() => void>();
  const handler = (message: IncomingMessage) => {
    messages.push(message);
    for (const check of waiting) check();
  };
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (messages.length < count) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { messages, handler, until, texts: () => messages.map(({ data }) => decodeText(data)) };
}

/** Resolves when all that `publisher` sent before has arrived: messages of one publisher keep their order. */
export async function delivered({ publisher, subscriber }: BusAdapter): Promise<void> {
  const fence = collect();
  const subscription = subscriber.subscribe("fence", fence.handler);
  await subscriber.flush();
  publisher.publish("fence", bytes(""));
  await fence.until(1);
  subscription.unsubscribe();
}
