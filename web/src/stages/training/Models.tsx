/** The models a run logged, and the versions made of them. */
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { kindOf } from "~/ui/links";
import { ErrorNotice } from "~/ui/notices";
import { Section } from "~/ui/Page";
import { StateBadge } from "~/ui/small";

import { Named } from "../ties";

export function Models({ detail }: { detail: Schema<"RunDetail"> }) {
  const versions = detail.links.filter((link) => link.relation === "produced" && kindOf(link.target) === "model version").map((link) => link.target);
  if (detail.models.length === 0 && versions.length === 0) return null;
  return (
    <Section title="Models">
      <Stack gap="sm">
        {detail.models.map((model) => (
          <Group key={model.id} justify="space-between">
            <Group gap="xs">
              <Text fw={600}>{model.name}</Text>
              <StateBadge state={model.status} />
              <Text size="sm" c="dimmed">
                {model.model_type ?? "logged"}
              </Text>
            </Group>
            {model.status === "READY" && <RegisterDialog model={model} again={versions.length > 0} />}
          </Group>
        ))}
        {versions.length > 0 && (
          <Group gap="xs">
            <Text size="sm" c="dimmed">
              Registered as
            </Text>
            <Named ids={versions} />
          </Group>
        )}
      </Stack>
    </Section>
  );
}

function RegisterDialog({ model, again }: { model: Schema<"LoggedModel">; again: boolean }) {
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const register = useSend(
    () => api.POST("/api/v1/models/{name}/versions", { params: { path: { name: name.trim() } }, body: { run_id: model.source_run, source: `models:/${model.id}` } }),
    { onDone: (version) => void navigate(`/registry/versions/${version.id}`) },
  );
  return (
    <>
      <Button variant={again ? "default" : "light"} size="xs" onClick={() => setOpen(true)}>
        {again ? "Register once more" : "Register it"}
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`Register ${model.name}`}</Text>}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            register.mutate(undefined);
          }}
        >
          <Stack>
            <TextInput
              label="Name"
              description="It becomes the next version of this name, or the first of a new one."
              required
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            {register.isError && <ErrorNotice error={register.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpen(false)}>
                Not now
              </Button>
              <Button type="submit" loading={register.isPending} disabled={name.trim() === ""}>
                Register it
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
