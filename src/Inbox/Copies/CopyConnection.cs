using Messaging;

namespace Inbox;

/// <summary>A connection that copies are published on: opened when one is first wanted, and again when it has broken.</summary>
/// <param name="connector">Opens it.</param>
/// <param name="purpose">For the broker's operator.</param>
/// <param name="clock">Measures how long a confirm takes.</param>
internal sealed class CopyConnection(BrokerConnector connector, string purpose, TimeProvider clock) : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _opening = new(1, 1);
    private ConfirmedPublisher? _publisher;

    public async Task<ConfirmedPublisher> OpenAsync(CancellationToken cancellationToken)
    {
        if (_publisher is { Broken.IsCancellationRequested: false } open)
        {
            return open;
        }

        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_publisher is { Broken.IsCancellationRequested: false } opened)
            {
                return opened;
            }

            if (_publisher is not null)
            {
                await _publisher.DisposeAsync();
            }

            var connection = await connector.ConnectAsync(purpose, cancellationToken);
            return _publisher = await ConfirmedPublisher.OpenAsync(connection, channels: 1, Deadline, clock, cancellationToken);
        }
        finally
        {
            _opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_publisher is not null)
        {
            await _publisher.DisposeAsync();
        }

        _opening.Dispose();
    }
}
