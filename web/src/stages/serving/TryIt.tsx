/** The lines that ask an endpoint, with its own columns filled in. */
import { Code, Text } from "@mantine/core";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Loading, Snippet } from "~/ui/notices";

import { exampleOf, linesOf } from "./ask";

export function TryIt({ endpoint }: { endpoint: Schema<"Endpoint"> }) {
  const gateway = useGet("/api/v1/gateway");
  const last = useGet("/api/v1/predictions", { query: { endpoint: endpoint.name, limit: 1 } });
  const model = useGet("/api/v1/models/{name}", { path: { name: endpoint.model } });
  if (last.isPending || model.isPending) return <Loading lines={3} />;
  if (last.error) return <ErrorNotice error={last.error} />;
  const row = last.data?.items[0]?.input ?? exampleOf(model.data?.versions[0]?.signature.inputs ?? []);
  return (
    <>
      <Snippet {...linesOf(endpoint.name, gateway.data?.url ?? "http://127.0.0.1:7701", row)} />
      <Text size="sm" c="dimmed" mt="xs">
        <Code>POMONA_TOKEN</Code> is what the file <Code>token</Code> in the home folder holds. Open Inference v2 and <Code>/invocations</Code> are answered at the same address.
      </Text>
    </>
  );
}
