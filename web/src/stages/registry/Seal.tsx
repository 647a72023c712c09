/** The signature of a version: by which key, since when, and whether everything still is what was signed. */
import { Alert, Badge, Button, Code, Group, List, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconShieldCheck } from "@tabler/icons-react";

import { read, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice, Snippet } from "~/ui/notices";
import { Facts, Section } from "~/ui/Page";
import { CopyButton, TimeAgo } from "~/ui/small";


export function SealSection({ version, seal }: { version: Schema<"ModelVersion">; seal: Schema<"Seal"> | null | undefined }) {
  return (
    <Section title="Seal" note="What was registered is signed; it is checked before every load." actions={<Verify version={version} />}>
      <Stack gap="sm">
        {seal ? (
          <Facts
            facts={[
              ["signed", <span key="at"><TimeAgo at={seal.sealed_at} />{seal.note && `: ${seal.note}`}</span>],
              ["by the server's key", <Short key="key" text={seal.key} what="key" />],
              ["Ed25519 signature", <Short key="signature" text={seal.signature} what="signature" />],
            ]}
          />
        ) : (
          <Alert color="pomegranate" icon={<IconAlertTriangle size={18} aria-hidden />}>
            It has no seal, so nothing loads it. `pomona models verify` says more.
          </Alert>
        )}
        {version.outside && <Outside outside={version.outside} />}
        <Snippet cli={`pomona models key --pem > pomona.pem\npomona models download ${version.model}/${version.number} ./model --key pomona.pem`} sdk={`model = pom.models.load("${version.model}/${version.number}")  # seal and files are checked on your side, too`} />
      </Stack>
    </Section>
  );
}

function Outside({ outside }: { outside: NonNullable<Schema<"ModelVersion">["outside"]> }) {
  return (
    <Alert color={outside.code.length > 0 ? "quince" : "sky"} title={`No run here made it: it came from ${outside.origin}`}>
      {outside.code.length === 0 ? (
        "It was looked through: nothing in it runs code when it is loaded."
      ) : (
        <Stack gap={4}>
          <Text size="sm">{`Loading it runs code, which was allowed: “${outside.allowed ?? ""}”`}</Text>
          <List size="sm">
            {outside.code.map((item) => (
              <List.Item key={item.path}>
                <Code>{item.path}</Code> <Badge size="sm" color="quince" c="inherit">{item.kind}</Badge> {item.imports.slice(0, 6).join(", ")}
              </List.Item>
            ))}
          </List>
        </Stack>
      )}
    </Alert>
  );
}

function Short({ text, what }: { text: string; what: string }) {
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex">
      <Code>{text.slice(0, 16)}</Code>
      <CopyButton value={text} what={what} />
    </Group>
  );
}

export function Verify({ version }: { version: Schema<"ModelVersion"> }) {
  const path = { name: version.model, number: version.number };
  const verify = useSend(async () => ({ data: await read("/api/v1/models/{name}/versions/{number}/verify", { path }) }));
  return (
    <Group gap="sm">
      {verify.isError && <ErrorNotice error={verify.error} />}
      {verify.data && (
        <Alert color="leaf" p={6} icon={<IconShieldCheck size={18} aria-hidden />} role="status">
          {`The seal is ours, and all ${verify.data.files} files are what was registered.`}
        </Alert>
      )}
      <Button size="xs" variant="default" loading={verify.isPending} onClick={() => verify.mutate(undefined)}>
        Verify the files
      </Button>
    </Group>
  );
}
