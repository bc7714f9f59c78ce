namespace Faults;

/// <summary>The arena that cases share one after the other, replaced where one of them left something behind.</summary>
internal sealed class SharedArena(ServiceBuild build, string directory, int brokerNodes) : IAsyncDisposable
{
    private Arena? _standing;

    /// <summary>The arena for the next case; started when there is none.</summary>
    public async Task<Arena> TakeAsync(CancellationToken cancellationToken) =>
        _standing ??= await Arena.StartAsync(build, directory, brokerNodes, cancellationToken);

    /// <summary>Ends the arena; the next case gets new servers and processes.</summary>
    public async Task GiveUpAsync()
    {
        if (_standing is { } ended)
        {
            _standing = null;
            await ended.DisposeAsync();
        }
    }

    public ValueTask DisposeAsync() => new(GiveUpAsync());
}
