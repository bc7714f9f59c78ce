namespace Faults;

internal static class MutantsRun
{
    public static Task<int> RunAsync(Arguments asked, CancellationToken cancellationToken) => Task.FromResult(asked.Seed);
}
