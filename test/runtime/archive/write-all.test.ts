import { FileHandle, open } from 'node:fs/promises';
import { writeAll } from '../../../src/runtime/archive/write-all';

/** A disk with so much room that takes at most ten bytes at once. */
function diskOf(room: number): { readonly bytes: Buffer; readonly handle: Pick<FileHandle, 'write'> } {
  const bytes = Buffer.alloc(room);
  const write = async (body: Buffer, offset: number, length: number, position: number) => {
    if (position >= room) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const bytesWritten = Math.min(10, length, room - position);
    body.copy(bytes, position, offset, offset + bytesWritten);
    return { bytesWritten, buffer: body };
  };
  return { bytes, handle: { write } as unknown as FileHandle };
}

test('a disk that takes a part of a write is given the rest', async () => {
  const disk = diskOf(100);
  await writeAll(disk.handle, Buffer.from('x'.repeat(95)), 5, 'shop/1.dat');
  expect(disk.bytes.toString('latin1', 5)).toBe('x'.repeat(95));
});

test('fails where the disk fills up within a write, and says that it is full', async () => {
  await expect(writeAll(diskOf(42).handle, Buffer.alloc(50), 0, 'shop/1.dat')).rejects.toThrow(
    /^The disk is full \(ENOSPC\): shop\/1\.dat could not be written beyond 42 bytes\. Give the function more/,
  );
});

test('fails for a device that is always full', async () => {
  const device = await open('/dev/full', 'r+');
  await expect(writeAll(device, Buffer.alloc(50), 0, 'shop/1.dat')).rejects.toThrow('The disk is full');
  await device.close();
});
