import { connect } from "@nats-io/transport-node";
import { answerParent } from "../processes/ask-child.ts";

export type AnswerNatsTasks = {
  /** Answers every request on `subject` with `reply`, in a process of its own, as a node does. */
  serve: {
    input: { url: string; user: string; password: string; subject: string; reply: string };
    output: null;
  };
};

answerParent({
  serve: async ({ url, subject, reply, user, password }: AnswerNatsTasks["serve"]["input"]) => {
    const nats = await connect({ servers: [url], user, pass: password });
    nats.subscribe(subject, { callback: (_error, message) => void message.respond(reply) });
    await nats.flush();
    return null;
  },
});
