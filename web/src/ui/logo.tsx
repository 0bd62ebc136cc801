/** A drop with a lens. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path d="M16 2.500c4.600 5.200 10 10.700 10 16.900a10 10 0 0 1-20 0C6 13.200 11.400 7.700 16 2.500Z" />
      <circle cx="16" cy="19.500" r="4.600" />
    </svg>
  );
}
