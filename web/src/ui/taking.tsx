/** What the head of a list offers to take away: its rows as files, and the lines that ask for the same. */
import { Button, Menu, Popover } from "@mantine/core";
import { IconCode, IconDownload } from "@tabler/icons-react";

import { Snippet, type Recipe } from "./notices";

const FORMATS = { csv: "CSV", parquet: "Parquet", jsonl: "JSON lines" };
export type Format = keyof typeof FORMATS;

export interface File {
  /** What a row of it is. */
  label: string;
  /** Its name without the ending. */
  name: string;
  link: (format: Format) => string;
}

/** A menu of files, each in every format. */
export function Download({ files }: { files: File[] }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={15} aria-hidden />}>
          Download
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {files.map(({ label, name, link }) => (
          <div key={name}>
            <Menu.Label>{label}</Menu.Label>
            {(Object.keys(FORMATS) as Format[]).map((format) => (
              <Menu.Item key={format} component="a" href={link(format)} download={`${name}.${format}`}>
                {FORMATS[format]}
              </Menu.Item>
            ))}
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The same list from a terminal or a notebook. */
export function Code(recipe: Recipe) {
  return (
    <Popover position="bottom-end" width={520}>
      <Popover.Target>
        <Button variant="default" leftSection={<IconCode size={15} aria-hidden />}>
          Code
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Snippet {...recipe} />
      </Popover.Dropdown>
    </Popover>
  );
}
