"""A small description that is right, and what it becomes."""

from __future__ import annotations

import copy

import pytest

from registry.import_budget import Budget
from registry.import_choice import Choice
from registry.importer import importers
from registry.importing import Draft, make_draft

PETS = {
    "openapi": "3.0.3",
    "info": {"title": "Acme pets", "version": "2.1.0", "description": "All the pets."},
    "servers": [
        {"url": "https://{place}.acme.example/v1", "variables": {"place": {"default": "eu"}}}
    ],
    "security": [{"key": []}],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "tags": ["pets"],
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
                    {
                        "name": "tag",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "string"}},
                    },
                ],
                "responses": {
                    "200": {
                        "description": "Pets",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "array",
                                    "items": {"$ref": "#/components/schemas/Pet"},
                                }
                            }
                        },
                    }
                },
            },
            "post": {
                "operationId": "createPet",
                "tags": ["pets", "admin"],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Pet"},
                            "example": {"name": "Rex", "age": 3},
                        }
                    },
                },
                "responses": {"201": {"description": "Made"}},
            },
        },
        "/pets/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
            "get": {"operationId": "get-pet", "responses": {"200": {"description": "A pet"}}},
            "delete": {"deprecated": True, "responses": {"204": {"description": "Gone"}}},
        },
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "age": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
                    "nick": {"type": "string", "nullable": True},
                },
            }
        },
    },
}


@pytest.fixture
def pets():
    return copy.deepcopy(PETS)


@pytest.fixture
def draft_of():
    """`draft_of(document)`: the draft and its report, without a database."""

    def make(document, *, importer="openapi", include=None, budget=None) -> Draft:
        budget = budget or Budget()
        return make_draft(
            importers.get(importer).open(document, budget),
            slug="acme-pets",
            version="1.0.0",
            choice=Choice.of(include),
            budget=budget,
        )

    return make


@pytest.fixture
def operation_of(draft_of):
    """`operation_of(verb, node)`: the one method of a description with one operation."""

    def make(verb, node, *, path="/things", **members):
        document = {
            "openapi": "3.0.3",
            "info": {"title": "T", "version": "1"},
            "paths": {path: {verb: {"operationId": "it", "responses": {}, **node}}},
            **members,
        }
        if "swagger" in members:
            del document["openapi"]
        draft = draft_of(document)
        return draft.document["methods"]["it"], draft

    return make
