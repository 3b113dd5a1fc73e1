import { type FormEvent, useState } from "react";
import { type Created, createBroadcast, type StudioRight } from "../demo/broadcasts.ts";
import { refusalText } from "../demo/refusal-text.ts";
import { loadOwnBroadcasts } from "./own-broadcasts.ts";
import { NEW_DRAFT, wishOf } from "./settings-draft.ts";
import { SettingsFields } from "./settings-fields.tsx";

type Props = {
  onCreated: (created: Created, title: string) => void;
  onOpen: (right: StudioRight) => void;
};

type Progress = { state: "idle" } | { state: "creating" } | { state: "failed"; reason: string };

export function CreateForm({ onCreated, onOpen }: Props) {
  const [draft, setDraft] = useState(NEW_DRAFT);
  const [progress, setProgress] = useState<Progress>({ state: "idle" });
  const [own] = useState(() => loadOwnBroadcasts(() => window.localStorage));
  const isCreating = progress.state === "creating";

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setProgress({ state: "creating" });
    const wish = wishOf(draft);
    const answer = await createBroadcast(wish);
    if (answer.state === "granted") onCreated(answer.value, wish.title);
    else setProgress({ state: "failed", reason: refusalText(answer) });
  };

  return (
    <main className="create">
      <header className="create__header">
        <h1 className="lobby__title">Fairlead studio</h1>
        <a href="/">Meetings</a>
      </header>
      <form className="join-form card" onSubmit={submit}>
        <h2>New broadcast</h2>
        <SettingsFields draft={draft} onChange={setDraft} />
        <button className="button button--primary" type="submit" disabled={isCreating}>
          {isCreating ? "Creating…" : "Create broadcast"}
        </button>
        {progress.state === "failed" && (
          <p role="alert" className="notice notice--error">
            {progress.reason}
          </p>
        )}
      </form>
      {own.length > 0 && (
        <section className="card" aria-labelledby="own">
          <h2 id="own">Your broadcasts on this computer</h2>
          <ul className="create__own">
            {own.map((right) => (
              <li key={right.broadcastId}>
                <button type="button" className="button" onClick={() => onOpen(right)}>
                  {right.title || right.broadcastId}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </main>
  );
}
