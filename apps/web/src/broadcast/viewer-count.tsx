import { Icon } from "../ui/icon.tsx";

/** null: not known. */
export function ViewerCount({ viewers }: { viewers: number | null }) {
  if (viewers === null) return null;
  return (
    <span className="viewer-count">
      <Icon name="eye" />
      {viewers === 1 ? "1 viewer" : `${viewers} viewers`}
    </span>
  );
}
