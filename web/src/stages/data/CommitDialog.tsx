import { Button, Checkbox, FileButton, Group, Modal, Progress, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";

import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { bytes } from "~/ui/format";
import { ErrorNotice } from "~/ui/notices";

import classes from "./data.module.css";
import { commitFile, tableType } from "./upload";

const MEANS = {
  full: "The file is the whole table as it is now. Rows that it does not hold are gone from the new version.",
  append: "The file holds new rows only. They are put behind those of the newest version.",
  delta: "The file holds rows to add or to change by their key; where a column _deleted is true, the row is removed.",
};

/** A Parquet or CSV file becomes the next version. */
export function CommitDialog({ dataset, first }: { dataset: Schema<"Dataset">; first: boolean }) {
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [file, setFile] = useState<File | null>(null);
  const [mode, setMode] = useState<keyof typeof MEANS>("full");
  const [note, setNote] = useState("");
  const [newBase, setNewBase] = useState(false);
  const [sent, setSent] = useState(0);
  const commit = useSend(async (chosen: File) => ({ data: await commitFile({ dataset: dataset.id, file: chosen, mode, note, newBase: newBase && mode === "full", onProgress: setSent }) }), {
    onDone: (done) => done.created && void navigate(`/data/versions/${done.version.id}`),
  });
  const same = commit.data && !commit.data.created ? commit.data.version : undefined;
  const choose = (chosen: File | null) => {
    commit.reset();
    setSent(0);
    setFile(chosen);
  };
  const wrong = file !== null && tableType(file.name) === undefined;
  return (
    <>
      <Button onClick={() => setOpen(true)} leftSection={<IconFileUpload size={16} aria-hidden />}>
        Commit a file
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={<Text fw={600}>{`A new version of ${dataset.name}`}</Text>} size="lg">
        <Stack>
          <DropZone onFile={choose}>
            <FileButton onChange={choose} accept=".parquet,.pq,.csv">
              {(button) => (
                <Button variant="default" {...button}>
                  Choose a Parquet or CSV file
                </Button>
              )}
            </FileButton>
            <Text size="sm" c={wrong ? undefined : "dimmed"} mt="xs" role="status">
              {file === null ? "or drop it here" : wrong ? `${file.name} is neither .parquet nor .csv` : `${file.name}, ${bytes(file.size)}`}
            </Text>
          </DropZone>
          {!first && (
            <div>
              <SegmentedControl
                fullWidth
                value={mode}
                onChange={(value) => setMode(value as typeof mode)}
                data={[
                  { value: "full", label: "The whole table" },
                  { value: "append", label: "New rows only" },
                  ...(dataset.key.length > 0 ? [{ value: "delta", label: "What changed" }] : []),
                ]}
                aria-label="What the file holds"
              />
              <Text size="sm" c="dimmed" mt={6}>
                {MEANS[mode]}
              </Text>
            </div>
          )}
          {!first && mode === "full" && (
            <Checkbox
              label="The table has a new shape"
              description="Columns may be gone, or of another type"
              checked={newBase}
              onChange={(event) => setNewBase(event.currentTarget.checked)}
            />
          )}
          <TextInput label="Note" description="What a reader should know about this version" value={note} onChange={(event) => setNote(event.currentTarget.value)} />
          {commit.isPending && <Progress value={sent * 100} animated aria-label="Sent" />}
          {commit.isError && <ErrorNotice error={commit.error} />}
          {same && (
            <Text role="status">{`The content equals v${same.number}, so nothing was stored.`}</Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setOpen(false)}>
              Not now
            </Button>
            <Button disabled={file === null || wrong} loading={commit.isPending} onClick={() => file && commit.mutate(file)}>
              Commit it
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function DropZone({ onFile, children }: { onFile: (file: File) => void; children: React.ReactNode }) {
  const [over, setOver] = useState(false);
  return (
    <div
      className={classes.drop}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const dropped = event.dataTransfer.files[0];
        if (dropped) onFile(dropped);
      }}
    >
      {children}
    </div>
  );
}
