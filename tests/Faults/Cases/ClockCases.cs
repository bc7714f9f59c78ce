using Servers.Native;

namespace Faults;

/// <summary>Machines whose clocks disagree.</summary>
internal static class ClockCases
{
    private const string Library = "libfaketimeMT.so.1";
    private static readonly string[] Roots = ["/usr/lib", "/usr/lib64"];

    public static IEnumerable<FaultCase> All =>
    [
        new("clock-ahead", "a process whose clock is an hour ahead loses nothing, and what it repeats is suppressed", fault => SkewAsync(fault, "+3600")) { Lacks = Lacks },
        new("clock-behind", "a process whose clock is an hour behind loses nothing, and what it repeats is suppressed", fault => SkewAsync(fault, "-3600")) { Lacks = Lacks },
    ];

    // Installed when the first of these cases comes up, where that is allowed.
    private static Lazy<(string? File, string? Lack)> Faketime { get; } = new(() =>
    {
        if (Find() is { } there)
        {
            return (there, null);
        }

        var fault = DebianPackages.TryInstallAsync(
            ["libfaketime"], "Installing libfaketime for the cases that need it ...", CancellationToken.None).GetAwaiter().GetResult();
        return Find() is { } installed ? (installed, null) : (null, $"libfaketime is not installed (apt-get install libfaketime) and cannot be: {fault}");
    });

    private static string? Lacks() => Faketime.Value.Lack;

    private static string? Find() =>
        Roots.Where(Directory.Exists)
            .SelectMany(root => Directory.EnumerateDirectories(root, "*-linux-gnu*").Append(root))
            .Select(directory => Path.Combine(directory, "faketime", Library)).FirstOrDefault(File.Exists);

    // One process of each role lives in another hour.
    private static async Task SkewAsync(Injection fault, string offset)
    {
        foreach (var role in new[] { "api", "relay", "consumer" })
        {
            var process = fault.OneOf(fault.Fleet.Of(role));
            fault.Note($"{process.Name} at {offset} s");
            fault.ToHeal(() => process.KillAndStartAsync());
            // Only the calendar: waits go by the monotonic clock, which no machine sets.
            await process.KillAndStartAsync(
                ("LD_PRELOAD", Faketime.Value.File!), ("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("DONT_FAKE_MONOTONIC", "1"));
        }

        // So that the skewed relay becomes the owner, if it is not yet.
        await fault.PauseAsync(3, 4);
        await fault.KillAsync(await fault.OwnerAsync());
        await fault.PauseAsync(3, 5);
    }
}
