namespace Messaging;

/// <summary>What makes messages of an exchange with a routing key reach a queue.</summary>
internal sealed record BindingDeclaration(string Queue, string Exchange, string RoutingKey);
