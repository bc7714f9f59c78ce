namespace Faults;

/// <summary>Seeds made of seeds.</summary>
internal static class Seeds
{
    /// <summary>The same for the same two numbers, on every machine, and unlike for any others.</summary>
    public static int Of(int seed, int number)
    {
        // SplitMix64.
        var mixed = (((ulong)(uint)seed << 32) | (uint)number) + 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return (int)((mixed ^ (mixed >> 31)) & int.MaxValue);
    }
}
