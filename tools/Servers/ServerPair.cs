namespace Servers;

/// <summary>A PostgreSQL and a RabbitMQ that answer. Disposing stops them if they were started for this pair.</summary>
/// <param name="Source">Where they come from, in words for a person.</param>
/// <param name="Postgres">An Npgsql connection string of a user who may create databases.</param>
/// <param name="RabbitMq">An AMQP URI.</param>
/// <param name="Management">The broker's management address with user and password, or null where there is none.</param>
public sealed record ServerPair(string Source, string Postgres, string RabbitMq, Uri? Management) : IAsyncDisposable
{
    /// <summary>What disposing does, for servers that were started for this pair.</summary>
    public Func<ValueTask>? Stop { get; init; }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Stop?.Invoke() ?? ValueTask.CompletedTask;
}
