/** Longest side of what is uploaded, in pixels; the server makes it smaller still. */
const longest = 1024;

/** Makes a picture of a file the person chose: turned upright, smaller, a JPEG without metadata. */
export async function fromFile(file: File): Promise<Blob> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error("This file is not a picture that your browser can read.");
  }
  try {
    return await jpeg(picture, picture.width, picture.height, false);
  } finally {
    picture.close();
  }
}

/** A snapshot of what a video shows, mirrored as the person saw themselves. */
export function fromVideo(v: HTMLVideoElement): Promise<Blob> {
  return jpeg(v, v.videoWidth, v.videoHeight, true);
}

async function jpeg(source: CanvasImageSource, width: number, height: number, mirror: boolean): Promise<Blob> {
  const scale = Math.min(1, longest / Math.max(width, height, 1));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const g = canvas.getContext("2d");
  if (!g) throw new Error("Your browser cannot draw pictures.");
  if (mirror) g.setTransform(-1, 0, 0, 1, canvas.width, 0);
  g.drawImage(source, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((r) => canvas.toBlob(r, "image/jpeg", 0.88));
  if (!blob) throw new Error("The picture could not be made.");
  return blob;
}
