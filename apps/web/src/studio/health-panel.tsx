import { Fact, Facts } from "./facts.tsx";
import { bitrateText, type Health, limitText } from "./health.ts";

type Props = { health: Health | undefined; direction: "sent" | "received" };

export function HealthPanel({ health, direction }: Props) {
  return (
    <section className="card" aria-labelledby="health">
      <h2 id="health">{direction === "sent" ? "What this page sends" : "What this page receives"}</h2>
      <Facts>
        <Fact name="Bitrate">{health ? bitrateText(health.bitrateBps) : "–"}</Fact>
        <Fact name="Frames">{health ? `${Math.round(health.framesPerSecond)} a second` : "–"}</Fact>
        <Fact name="Lost packets">{health ? `${(health.lossRatio * 100).toFixed(1)} %` : "–"}</Fact>
        {direction === "sent" && <Fact name="Limited by">{health ? limitText(health.limitedBy) : "–"}</Fact>}
      </Facts>
    </section>
  );
}
