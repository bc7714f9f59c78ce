namespace Messaging;

/// <summary>A durable quorum queue with its arguments.</summary>
internal sealed record QueueDeclaration(string Name, IReadOnlyDictionary<string, object?> Arguments);
