
const proof = document.getElementById("proof");
const form = proof.form;
const zeros = (bytes) => {
  let count = 0;
  for (const byte of bytes) {
    if (byte !== 0) return count + Math.clz32(byte) - 24;
    count += 8;
  }
  return count;
};
form.addEventListener("submit", async (event) => {
  if (proof.value) return;
  event.preventDefault();
  const bits = Number(proof.dataset.bits);
  const text = new TextEncoder();
  for (let tried = 0; ; tried += 1) {
    const hash = await crypto.subtle.digest("SHA-256", text.encode(form.challenge.value + tried));
    if (zeros(new Uint8Array(hash)) >= bits) {
      proof.value = String(tried);
      form.submit();
      return;
    }
  }
});
