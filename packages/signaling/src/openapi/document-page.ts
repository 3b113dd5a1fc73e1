import type { OpenAPIHono } from "@hono/zod-openapi";
import { html, raw } from "hono/html";

type Document = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;
type Html = ReturnType<typeof html>;
/** The parts of an OpenAPI operation that the page shows. */
type Operation = {
  operationId?: string;
  summary?: string;
  description?: string;
  security?: Record<string, string[]>[];
  parameters?: { name: string; in: string; required?: boolean; schema?: unknown }[];
  requestBody?: { content: Record<string, { schema?: unknown }> };
  responses?: Record<string, { description: string; content?: Record<string, { schema?: unknown }> }>;
};

const PAGE_STYLE = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); margin-top: 2rem; }
  h2 { font-size: 1.1rem; overflow-wrap: anywhere; }
  .text { white-space: pre-line; overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; overflow-wrap: anywhere; }
  pre { overflow-x: auto; font-size: 0.85rem; }
`;

const METHODS = ["get", "put", "post", "patch", "delete"] as const;

/** An OpenAPI document as one HTML page that needs nothing else. */
export function documentPage(document: Document): Html {
  const paths = Object.entries(document.paths ?? {});
  const operations = paths.flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = (item as Record<string, Operation | undefined>)[method];
      return operation ? [operationSection(method, path, operation)] : [];
    }),
  );
  const schemas = Object.entries(document.components?.schemas ?? {});
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${document.info.title} API</title>
        <style>${raw(PAGE_STYLE)}</style>
      </head>
      <body>
        <h1>${document.info.title} API ${document.info.version}</h1>
        <p>${prose(document.info.description)}</p>
        <p><a href="openapi.json">openapi.json</a></p>
        <main>${operations}</main>
        ${errorSection(document)}
        <h2 id="schemas">Schemas</h2>
        ${schemas.map(([name, schema]) => schemaSection(name, schema))}
      </body>
    </html>`;
}

function operationSection(method: string, path: string, operation: Operation): Html {
  return html`<section id="${operation.operationId}">
    <h2><code>${method.toUpperCase()} ${path}</code></h2>
    <p><strong>${operation.summary}.</strong> ${needs(operation)}</p>
    <p class="text">${prose(operation.description)}</p>
    ${parameterList(operation.parameters ?? [])}
    ${Object.values(operation.requestBody?.content ?? {}).map(
      ({ schema }) => html`<p>Body: ${schemaLink(schema)}</p>`,
    )}
    <table>
      <tr><th>Status</th><th>Meaning</th><th>Body</th></tr>
      ${Object.entries(operation.responses ?? {}).map(
        ([status, { description, content = {} }]) => html`<tr>
          <td>${status}</td><td>${prose(description)}</td>
          <td>${Object.values(content).map(({ schema }) => schemaLink(schema))}</td>
        </tr>`,
      )}
    </table>
  </section>`;
}

function needs({ security = [] }: Operation): string {
  const scopes = security.flatMap((requirement) => Object.values(requirement).flat());
  return scopes.length > 0 ? `Needs an API key with the scope ${scopes.join(" or ")}.` : "";
}

function errorSection({ components }: Document): Html {
  const examples = Object.entries(components?.examples ?? {}) as [string, { summary?: string }][];
  return html`<section id="errors">
    <h2>Errors</h2>
    <table>
      <tr><th>Code</th><th>Meaning to HTTP and WebSocket</th></tr>
      ${examples.map(([code, { summary }]) => html`<tr><td><code>${code}</code></td><td>${summary}</td></tr>`)}
    </table>
  </section>`;
}

/** The only Markdown that the document's texts use: `code`. */
function prose(text = ""): (Html | string)[] {
  return text.split("`").map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`));
}

function parameterList(parameters: NonNullable<Operation["parameters"]>): Html | string {
  if (parameters.length === 0) return "";
  return html`<ul>
    ${parameters.map(
      ({ name, in: place, required, schema }) =>
        html`<li><code>${name}</code> (${place}${required ? "" : ", optional"}): <code>${JSON.stringify(schema)}</code></li>`,
    )}
  </ul>`;
}

function schemaLink(schema: unknown): Html | string {
  const reference =
    typeof schema === "object" && schema !== null && "$ref" in schema ? String(schema.$ref) : null;
  if (reference === null) return html`<code>${JSON.stringify(schema)}</code>`;
  const name = reference.split("/").at(-1) ?? "";
  return html`<a href="#${name}">${name}</a>`;
}

function schemaSection(name: string, schema: unknown): Html {
  return html`<details id="${name}"><summary>${name}</summary><pre>${JSON.stringify(schema, null, 2)}</pre></details>`;
}
