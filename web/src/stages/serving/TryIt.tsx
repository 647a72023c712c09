/** The lines that ask an endpoint, with its own columns filled in. */
import { Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";

const EXAMPLES: Record<string, unknown> = { string: "...", boolean: true, double: 0.5, float: 0.5, long: 1, integer: 1, datetime: "2026-01-01T00:00:00Z" };

export function TryIt({ endpoint }: { endpoint: Schema<"Endpoint"> }) {
  const gateway = useGet("/api/v1/gateway");
  const last = useGet("/api/v1/predictions", { query: { endpoint: endpoint.name, limit: 1 } });
  const model = useGet("/api/v1/models/{name}", { path: { name: endpoint.model } });
  if (last.isPending || model.isPending) return <Loading lines={3} />;
  if (last.error) return <ErrorNotice error={last.error} />;
  const row = last.data?.items[0]?.input ?? exampleOf(model.data?.versions[0]?.signature.inputs ?? []);
  const url = gateway.data?.url ?? "http://127.0.0.1:7701";
  return (
    <>
      <Snippet {...linesOf(endpoint.name, url, row)} />
      <Text size="sm" c="dimmed" mt="xs">
        <code>POMONA_TOKEN</code> is what the file <code>token</code> in the home folder holds. Open Inference v2 and <code>/invocations</code> answer at the same address.
      </Text>
    </>
  );
}

export function exampleOf(columns: Schema<"ModelColumn">[]): Record<string, unknown> {
  return Object.fromEntries(columns.map((column) => [column.name ?? "", EXAMPLES[column.type] ?? 1]));
}

export function linesOf(name: string, url: string, row: Record<string, unknown>): { cli: string; sdk: string } {
  const json = JSON.stringify({ rows: [row] });
  const python = JSON.stringify(row).replaceAll(/\btrue\b/g, "True").replaceAll(/\bfalse\b/g, "False").replaceAll(/\bnull\b/g, "None");
  return {
    cli: `curl ${url}/predict/${name} \\\n  -H "Authorization: Bearer $POMONA_TOKEN" -H "Content-Type: application/json" \\\n  -d '${json.replaceAll("'", "'\\''")}'`,
    sdk: `import pomona\n\npom = pomona.connect()\n[answer] = pom.predict("${name}", [${python}])\npom.outcomes.record_one(answer.id, True)  # when it is known`,
  };
}
