import { useId } from "react";
import type { SettingsDraft } from "./settings-draft.ts";

type Props = { draft: SettingsDraft; onChange: (draft: SettingsDraft) => void };

/** All that a broadcaster sets. */
export function SettingsFields({ draft, onChange }: Props) {
  const set = (change: Partial<SettingsDraft>) => onChange({ ...draft, ...change });
  const hasMore = draft.startsAt !== "" || draft.endsAt !== "" || draft.maxViewers !== "";
  return (
    <>
      <Field label="Title" value={draft.title} onSet={(title) => set({ title })} isRequired />
      <fieldset className="choices">
        <legend>Who may watch</legend>
        <VisibilityChoice
          label="Whoever has the link"
          hint="The link holds a secret pass."
          isChosen={draft.visibility === "private"}
          onChoose={() => set({ visibility: "private" })}
        />
        <VisibilityChoice
          label="Everybody"
          hint="Players that speak WHEP need no ticket."
          isChosen={draft.visibility === "public"}
          onChoose={() => set({ visibility: "public" })}
        />
      </fieldset>
      <details className="more" open={hasMore}>
        <summary>Times and number of viewers</summary>
        <Field
          label="Starts at"
          type="datetime-local"
          hint="What is sent before is a preview that viewers don't see. Empty: it starts with the first picture."
          value={draft.startsAt}
          onSet={(startsAt) => set({ startsAt })}
        />
        <Field
          label="Ends at"
          type="datetime-local"
          hint="It ends then by itself. Empty: when you end it."
          value={draft.endsAt}
          onSet={(endsAt) => set({ endsAt })}
        />
        <Field
          label="Viewers at most"
          type="number"
          hint="Empty: as many as the servers carry."
          value={draft.maxViewers}
          onSet={(maxViewers) => set({ maxViewers })}
        />
      </details>
    </>
  );
}

type FieldProps = {
  label: string;
  value: string;
  onSet: (value: string) => void;
  type?: "text" | "number" | "datetime-local";
  hint?: string;
  isRequired?: boolean;
};

function Field({ label, value, onSet, type = "text", hint, isRequired = false }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={value}
        onChange={(event) => onSet(event.target.value)}
        autoComplete="off"
        required={isRequired}
        {...(type === "number" ? { min: 0, max: 1_000_000, step: 1 } : { maxLength: 200 })}
        {...(hint ? { "aria-describedby": `${id}-hint` } : {})}
      />
      {hint && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
    </div>
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
