import { type FormEvent, useState } from "react";
import { type Created, createBroadcast, type StudioRight, type Visibility } from "../demo/broadcasts.ts";
import { refusalText } from "../demo/refusal-text.ts";
import { loadOwnBroadcasts } from "./own-broadcasts.ts";

type Props = {
  onCreated: (created: Created, title: string) => void;
  onOpen: (right: StudioRight) => void;
};

type Progress = { state: "idle" } | { state: "creating" } | { state: "failed"; reason: string };

export function CreateForm({ onCreated, onOpen }: Props) {
  const [title, setTitle] = useState("");
  const [visibility, setVisibility] = useState<Visibility>("private");
  const [progress, setProgress] = useState<Progress>({ state: "idle" });
  const [own] = useState(() => loadOwnBroadcasts(() => window.localStorage));
  const isCreating = progress.state === "creating";

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setProgress({ state: "creating" });
    const answer = await createBroadcast({ title: title.trim(), visibility });
    if (answer.state === "granted") onCreated(answer.value, title.trim());
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
        <div className="field">
          <label htmlFor="title">Title</label>
          <input
            id="title"
            value={title}
            onChange={(event) => setTitle(event.target.value)}
            autoComplete="off"
            maxLength={200}
            required
          />
        </div>
        <fieldset className="choices">
          <legend>Who may watch</legend>
          <VisibilityChoice
            label="Whoever has the link"
            hint="The link holds a secret pass."
            isChosen={visibility === "private"}
            onChoose={() => setVisibility("private")}
          />
          <VisibilityChoice
            label="Everybody"
            hint="Players that speak WHEP need no ticket."
            isChosen={visibility === "public"}
            onChoose={() => setVisibility("public")}
          />
        </fieldset>
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

type ChoiceProps = { label: string; hint: string; isChosen: boolean; onChoose: () => void };

function VisibilityChoice({ label, hint, isChosen, onChoose }: ChoiceProps) {
  return (
    <label className="choice">
      <input type="radio" name="visibility" checked={isChosen} onChange={onChoose} />
      <span>
        {label}
        <span className="hint">{hint}</span>
      </span>
    </label>
  );
}
