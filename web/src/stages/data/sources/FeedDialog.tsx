import { Autocomplete, Button, Group, Modal, NumberInput, SegmentedControl, SimpleGrid, Stack, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPlus, IconTable } from "@tabler/icons-react";
import { useState } from "react";

import { api } from "~/api/client";
import { fieldErrors } from "~/api/problem";
import { useGet, useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { ErrorNotice } from "~/ui/notices";

import { pairsOf } from "./recipe";
import { Sampled } from "./Sampled";

const MODES = [
  { value: "full", label: "Everything" },
  { value: "append", label: "New rows" },
  { value: "delta", label: "New and changed rows" },
];
const BLANK = { dataset: "", table: "", query: "", parameters: [] as string[], mode: "full", cursor: "", overlap: 0, key: [] as string[], time_column: "" };
type Values = typeof BLANK;
type Mode = Schema<"Feed">["mode"];

/** Says what is taken from a source, after a look at its first rows. */
export function FeedDialog({ source, takes }: { source: Schema<"Source">; takes: string }) {
  const [open, setOpen] = useState(false);
  const ref = { params: { path: { ref: source.id } } };
  const form = useForm<Values>({ initialValues: { ...BLANK, mode: takes === "topic" ? "append" : "full" } });
  const { values } = form;
  const tables = useGet("/api/v1/sources/{ref}/tables", { path: { ref: source.id } }, { enabled: open && takes !== "files" });
  const sample = useSend(() => api.POST("/api/v1/sources/{ref}/sample", { ...ref, body: { ...asked(values), rows: 10 } }));
  const save = useSend((filled: Values) => api.PUT("/api/v1/sources/{ref}/feeds", { ...ref, body: feedOf(filled) }), {
    onDone: () => {
      setOpen(false);
      form.reset();
    },
  });
  const failed = save.isError ? save.error : sample.isError ? sample.error : null;
  return (
    <>
      <Button variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setOpen(true)}>
        Take something
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`Take from ${source.name}`}</Text>} size="62rem">
        <form onSubmit={form.onSubmit((filled) => save.mutate(filled, { onError: (error) => form.setErrors(fieldErrors(error)) }))} noValidate>
          <Stack>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <Autocomplete
                label={takes === "topic" ? "Stream" : takes === "files" ? "Files" : "Table"}
                description={takes === "files" ? "Empty: the source's own location" : "What is there is listed"}
                data={(tables.data ?? []).map((table) => table.name)}
                {...form.getInputProps("table")}
              />
              <TextInput label="Into the dataset" description="It is made if there is none" placeholder="orders" required {...form.getInputProps("dataset")} />
            </SimpleGrid>
            {takes === "sql" && (
              <>
                <Textarea label="or a query" description=":name stands for a parameter" placeholder="SELECT * FROM orders WHERE paid" autosize minRows={2} {...form.getInputProps("query")} />
                {values.query.includes(":") && <TagsInput label="Parameters" description="name=value; Enter adds one" acceptValueOnBlur {...form.getInputProps("parameters")} />}
              </>
            )}
            {takes !== "topic" && (
              <div>
                <SegmentedControl aria-label="What is taken each time" data={MODES} value={values.mode} onChange={(mode) => form.setFieldValue("mode", mode)} />
                <Text size="sm" c="dimmed" mt={6}>
                  {values.mode === "full" ? "The whole table each time; only what changed is stored." : "Only rows beyond the greatest value seen in a column that grows."}
                </Text>
              </div>
            )}
            {takes !== "topic" && values.mode !== "full" && (
              <SimpleGrid cols={{ base: 1, sm: 2 }}>
                <TextInput label="Cursor" description="A column that only grows, e.g. id or changed_at" {...form.getInputProps("cursor")} />
                {values.mode === "delta" && <NumberInput label="Look back" description="For rows that come late: seconds, or units of the cursor" min={0} {...form.getInputProps("overlap")} />}
              </SimpleGrid>
            )}
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <TagsInput label="Key" description="Of a new dataset: columns that name a row" acceptValueOnBlur {...form.getInputProps("key")} />
              <TextInput label="Time column" description="Of a new dataset: when a row happened" {...form.getInputProps("time_column")} />
            </SimpleGrid>
            {sample.data && !sample.isError && <Sampled sample={sample.data} />}
            {failed !== null && <ErrorNotice error={failed} />}
            <Group justify="space-between">
              <Button variant="default" leftSection={<IconTable size={16} aria-hidden />} loading={sample.isPending} onClick={() => sample.mutate(undefined)}>
                Look at ten rows
              </Button>
              <Button type="submit" loading={save.isPending}>
                Take it
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}

function asked(values: Values) {
  const query = values.query.trim() || null;
  return { table: query ? null : values.table.trim() || null, query, parameters: pairsOf(values.parameters) };
}

function feedOf(values: Values) {
  const by = values.mode === "full" ? { cursor: null, overlap: 0 } : { cursor: values.cursor.trim() || null, overlap: values.mode === "delta" ? Number(values.overlap) : 0 };
  return { ...asked(values), ...by, dataset: values.dataset.trim(), mode: values.mode as Mode, key: values.key, time_column: values.time_column.trim() || null };
}
